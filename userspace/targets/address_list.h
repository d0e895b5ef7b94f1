// Rules for the addresses that a name resolves to.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ip_address.h"
#include "config/config.h"

namespace rtt::targets {

/// Of a name: a DNS message of 64 KiB has not many more.
inline constexpr std::size_t kMaxAddressesPerName = 4096;
/// Of a host: more are not one machine.
inline constexpr std::size_t kMaxAddressesPerHost = 64;

/// Whether the address can be one peer: not unspecified (what blocking resolvers answer, and what
/// the kernel takes for this host), not multicast, not the IPv4 broadcast.
[[nodiscard]] bool is_usable_peer(const base::IpAddress& address);

/// The usable addresses of `answer`, each once, at most kMaxAddressesPerName: first those of
/// `known` in their order, then the others in the order of the answer.
[[nodiscard]] std::vector<base::IpAddress> merge_answer(const std::vector<base::IpAddress>& known,
                                                        const std::vector<base::IpAddress>& answer);

/// What a host peer has of the addresses of its name: those of the family, in their order, at most
/// kMaxAddressesPerHost.
[[nodiscard]] std::vector<base::IpAddress> addresses_of_host(
    const std::vector<base::IpAddress>& addresses, config::IpFamily family);

}  // namespace rtt::targets
