// Lookups of A and AAAA with one set of name servers: a c-ares channel on an event loop.
//
// Lives on the loop it is created with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace rtt::targets {

enum class DnsFailure {
  kNotFound,       // the name does not exist or has no address
  kServerFailure,  // every server was unreachable, or answered that it cannot or will not
  kTimeout,        // no server answered in time
  kBadAnswer,      // what came back is no DNS answer
  kBadName,        // the text cannot be a host name
  kBadAddress,     // only addresses that cannot be a peer
  kLocal,          // this process lacks memory or descriptors
  kCount,
};

/// snake_case, as in the label `reason`.
[[nodiscard]] std::string_view to_string(DnsFailure failure);

struct DnsAnswer {
  std::vector<base::IpAddress> addresses;  // in the order of preference (RFC 6724)
  base::nanoseconds ttl{};                 // the lowest; 0 from /etc/hosts
  std::optional<DnsFailure> failure;       // then there is no address
  std::string detail;                      // of the failure, for a log
};

class DnsChannel {
 public:
  struct Options {
    std::string resolv_conf;
    std::uint16_t port;  // of every name server
    base::nanoseconds query_timeout;
  };
  /// Called exactly once per lookup, maybe before look_up() returns; not at all once the channel is
  /// destroyed. Must not destroy the channel.
  using OnAnswer = std::function<void(DnsAnswer)>;

  /// Whether c-ares works at all.
  [[nodiscard]] static base::Result<void> check();
  /// Reads resolv.conf. `loop` must outlive the channel. Error: what c-ares says.
  [[nodiscard]] static base::Result<std::unique_ptr<DnsChannel>> create(base::EventLoop& loop,
                                                                        const Options& options);
  ~DnsChannel();

  void look_up(const std::string& name, OnAnswer on_answer);

 private:
  struct Impl;
  explicit DnsChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::targets
