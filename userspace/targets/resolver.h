// Host names -> addresses, at start and again regularly, over c-ares; nothing ever waits for it.
//
// Lives on the control loop; callbacks run there. A name that does not resolve keeps the addresses
// it had, is counted, logged once per change, and retried with backoff. The system's configuration
// is followed: /etc/hosts at every lookup, resolv.conf (read again whenever it changes) with its
// name servers and search list; its timeout and attempts are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"

namespace rtt::targets {

struct ResolverOptions {
  std::string resolv_conf = "/etc/resolv.conf";
  std::uint16_t port = 53;  // of every name server
  // The next three are what the configuration's `dns` says, see set_timing().
  /// For one server; the second try waits twice as long. A lookup ends, whatever happens, after
  /// 3 * query_timeout * servers, so that a dead server never piles up queries.
  base::nanoseconds query_timeout = std::chrono::seconds(2);
  /// A name is asked for again when the TTL of its answer is over, but not outside these bounds.
  base::nanoseconds min_refresh = std::chrono::seconds(5);
  base::nanoseconds max_refresh = std::chrono::minutes(5);
  /// After a failure: the first retry, doubled with each further failure up to the last.
  base::nanoseconds min_retry = std::chrono::seconds(1);
  base::nanoseconds max_retry = std::chrono::minutes(1);
  /// Lookups at a time; further names wait for their turn.
  std::size_t max_outstanding = 50;
};

class Resolver {
 public:
  /// Called whenever the set of addresses of a host changes, never with none. An address keeps its
  /// place as long as it is in the answers, so that the first, which is probed, does not change
  /// with the order of the answers; new ones follow in the order of preference (RFC 6724). At most
  /// kMaxAddressesPerName. May call set_hosts(), but must not destroy the resolver.
  using OnAddresses =
      std::function<void(const std::string& host, const std::vector<base::IpAddress>&)>;

  /// What became of each lookup; may be empty. Must neither call the resolver nor destroy it.
  struct Observer {
    /// It gave addresses; A and AAAA together took this long.
    std::function<void(const std::string& host, base::nanoseconds duration)> on_lookup;
    std::function<void(const std::string& host)> on_failure;
  };

  /// `loop` and `metrics` must outlive the resolver. Error: c-ares does not work. A
  /// resolv.conf that cannot be read is no error here: names fail until it can.
  [[nodiscard]] static base::Result<std::unique_ptr<Resolver>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics, OnAddresses on_addresses,
      ResolverOptions options = {}, Observer observer = {});
  ~Resolver();

  /// From the next lookup on; a name that is asked for later than `max_refresh` from now is asked for
  /// then.
  void set_timing(const config::DnsConfig& timing);

  /// Replaces the set of names; a name may be there twice. New names are asked for at once; known
  /// ones keep their addresses and their next refresh, and are not reported again. A new IP literal
  /// is its own address and is reported before set_hosts returns.
  void set_hosts(const std::vector<std::string>& hosts);
  /// The last known addresses; empty when there are none (yet).
  [[nodiscard]] std::vector<base::IpAddress> addresses(const std::string& host) const;

 private:
  struct Impl;
  explicit Resolver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::targets
