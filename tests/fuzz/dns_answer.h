// DNS messages (RFC 1035) that a fuzzer writes: right ones with any records, and wrong ones.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "fuzz/input.h"

namespace rtt::fuzz {

/// What the resolver may make of the answers to one name.
struct DnsExpectation {
  std::set<base::IpAddress> addresses;  // that were in a record of the right type
  std::optional<std::int64_t> ttl;      // the lowest of them, in seconds
  bool only_plain_records = true;       // else nothing is said of the addresses and the TTL
};

/// The answer to `query`, made of steps that the input says: records of addresses and of aliases, the same ones again
/// up to thousands of times, raw bytes, other counts in the header, no question.
[[nodiscard]] std::vector<std::uint8_t> dns_answer(std::span<const std::uint8_t> query,
                                                   Input& input, DnsExpectation& expectation);

}  // namespace rtt::fuzz
