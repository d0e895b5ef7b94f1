// TCP_INFO of every established connection of this network namespace, and of all others of the host if
// wanted, polled over inet_diag netlink (sock_diag(7)). Works without BPF and, in this namespace, without
// privilege.
//
// Lives on the control loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "base/result.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series.h"
#include "passive/opener_channel.h"
#include "passive/remote_activity.h"
#include "targets/classifier.h"

namespace rtt::passive {

struct OwnerCounting;

class TcpInfoSource {
 public:
  /// Per slot; null where the series do not exist. [0] is never null.
  struct SlotSeries {
    std::shared_ptr<metrics::Series> rtt;
    std::shared_ptr<metrics::ConnectionSeries> connections;
  };

  /// Polls at `interval`, the first time after min(interval, 1 s). All arguments by reference must
  /// outlive the source. Error: why inet_diag does not work here.
  [[nodiscard]] static base::Result<std::unique_ptr<TcpInfoSource>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics);
  ~TcpInfoSource();

  /// From the next poll on. What is known of each connection (by socket cookie) stays, so that
  /// segment counters go on without a jump. `classifier` is asked at every poll and must live until
  /// replaced. `owning`: null when owners are not told apart.
  void configure(base::nanoseconds interval, const targets::Classifier& classifier,
                 std::vector<SlotSeries> series, const OwnerCounting* owning = nullptr);

  /// Called when it changes why other namespaces are not polled, and perhaps when not; nothing: they are.
  using OnNamespaces = std::function<void(std::optional<std::string> reason)>;
  /// From the next poll on, other namespaces too, through `opener`, which must outlive the source;
  /// null: no more. Calling it again with the same changes nothing.
  void set_opener(OpenerChannel* opener, OnNamespaces on_namespaces);

  /// From here on tallies what is sent to addresses inside these networks; none: nothing.
  void set_activity_networks(const std::vector<base::IpPrefix>& networks);
  /// RemoteActivity::take_busiest() of that, up to the last poll and the sockets closed since.
  [[nodiscard]] std::vector<ActiveRemote> take_busiest(
      std::size_t most, const std::function<bool(const base::IpAddress&)>& wanted);

 private:
  struct Impl;
  explicit TcpInfoSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::passive
