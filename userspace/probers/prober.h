// What an active method looks like to the rest of the program.
//
// An Engine holds what all peers of one method share (ICMP: its sockets); a Prober measures one
// {target, peer, method} series. Both live on the probe loop: every call happens there, nothing
// blocks.
#pragma once

#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series.h"

namespace rtt::probers {

/// Destroying a prober ends its probes in flight as failed, reason "cancelled".
class Prober {
 public:
  virtual ~Prober() = default;
  /// The peer's address changed; nothing: it has none (yet). Probes in flight to the old one go on.
  virtual void set_address(std::optional<base::IpAddress> address) = 0;
  /// Begins one probe: exactly one series->sent() per call, whatever happens. Without an address
  /// the probe fails at once, reason "unresolved".
  virtual void probe() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// `probe` has this engine's method; `series` is never null.
  [[nodiscard]] virtual std::unique_ptr<Prober> create_prober(
      const config::Probe& probe, std::shared_ptr<metrics::ProbeSeries> series) = 0;
  /// Called once after each batch of Prober::probe() calls, so that an engine can send them
  /// together.
  virtual void flush() {}
};

}  // namespace rtt::probers
