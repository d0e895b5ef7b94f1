// The three ways to read TCP_INFO of every connection of a namespace, and the CPU time of each.
//
// All are called on a thread inside the namespace. Errors are thrown.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/ip_prefix.h"
#include "metrics/series_store.h"
#include "passive/tcp_info_source.h"
#include "targets/classifier.h"

namespace rtt::bench {

/// The source of the exporter with a peer for each network, on an event loop of its own.
class OurPolls {
 public:
  explicit OurPolls(const std::vector<base::IpPrefix>& networks);

  /// CPU time of a poll, the mean of some after a first one. Throws unless each poll was complete,
  /// saw so many sockets, and put as many observations under the peers.
  [[nodiscard]] base::nanoseconds measure(std::size_t sockets);
  /// Polls at that interval, for so long. Throws unless polls were complete.
  void poll_for(base::nanoseconds interval, base::nanoseconds duration);

 private:
  [[nodiscard]] std::vector<passive::TcpInfoSource::SlotSeries> slots() const;
  [[nodiscard]] std::uint64_t observations() const;

  std::unique_ptr<targets::PeerTable> peers_;
  std::unique_ptr<targets::Classifier> classifier_;
  std::shared_ptr<const metrics::SeriesSet> series_;
};

/// `ss -tin` into /dev/null, its start included.
[[nodiscard]] base::nanoseconds ss_cpu_time();
/// A dump that is received and whose messages are only walked, the mean of some at the same
/// intervals. Throws unless each shows so many.
[[nodiscard]] base::nanoseconds bare_dump_cpu_time(std::size_t sockets);

}  // namespace rtt::bench
