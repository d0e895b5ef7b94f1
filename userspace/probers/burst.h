// A few probes of one peer at short intervals, and an end that is known beforehand: what one request to
// /probe measures.
//
// The probes are sent evenly, at the probe's own interval or kMaxSpacing apart, whichever is less, or
// closer where the time is short. Their timeout is the probe's own, or what is left after the last
// of them was sent where that is less: a reply after it counts as lost. The burst ends when every probe has its
// outcome; at the deadline, which only a delayed process comes to, what is in flight fails,
// reason "cancelled", and what was not sent yet never is. Lives on a probe loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "config/config.h"
#include "metrics/series.h"
#include "probers/prober.h"

namespace rtt::probers {

class Burst {
 public:
  static constexpr base::nanoseconds kMaxSpacing = std::chrono::milliseconds(100);

  struct Timing {
    base::nanoseconds spacing;
    base::nanoseconds timeout;  // at least 1 ns
  };
  /// Such that `count` probes end within `window`, with some room for a process that is late.
  [[nodiscard]] static Timing plan(const config::Probe& probe, std::size_t count,
                                   base::nanoseconds window);

  struct Options {
    config::Probe probe;  // with the engine's method
    std::shared_ptr<metrics::ProbeSeries> series;
    std::optional<base::IpAddress> address;  // nothing: every probe fails, reason "unresolved"
    std::size_t count = 1;
    base::TimePoint deadline;
  };

  /// Begins. `on_end` is called once, on the loop, not before the constructor has returned, and may destroy the
  /// burst. `loop` and `engine` must outlive it.
  Burst(base::EventLoop& loop, Engine& engine, const Options& options,
        std::function<void()> on_end);
  /// Ends the probes in flight as failed, reason "cancelled".
  ~Burst() = default;
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

 private:
  void on_timer();
  void send_due(base::TimePoint now);

  Engine& engine_;
  const std::shared_ptr<metrics::ProbeSeries> series_;
  const std::size_t count_;
  const base::TimePoint started_;
  const base::TimePoint deadline_;
  const Timing timing_;
  const std::function<void()> on_end_;
  std::unique_ptr<Prober> prober_;
  std::size_t sent_ = 0;
  base::Timer timer_;
};

}  // namespace rtt::probers
