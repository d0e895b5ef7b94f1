// What all ICMP probers share: the sockets, the books, one timer.
//
// Lives on the probe loop, like its probers, which must not outlive it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"
#include "probers/icmp/channel.h"
#include "probers/icmp/tracker.h"
#include "probers/prober.h"
#include "probers/timestamps.h"

namespace rtt::probers::icmp {

class IcmpEngine final : public Engine {
 public:
  /// A channel in use, watched.
  struct OpenChannel {
    std::unique_ptr<Channel> channel;
    base::FdWatch watch;
  };

  /// Error: neither IPv4 nor IPv6 echo requests can be sent, and why.
  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics);

  [[nodiscard]] std::unique_ptr<Prober> create_prober(
      const config::Probe& probe, std::shared_ptr<metrics::ProbeSeries> series) override;
  void flush() override;

  /// Open as long as somebody holds it. A reason when the host refuses; why is logged once until it
  /// works again, and the host is asked once per flush(). Precondition: a source is of the same
  /// family.
  [[nodiscard]] std::variant<std::shared_ptr<OpenChannel>, metrics::FailureReason> channel(
      const SocketSettings& settings);
  /// Begins a probe, to be sent by the next flush().
  void start(const std::shared_ptr<OpenChannel>& open, const std::shared_ptr<Peer>& peer,
             const base::IpAddress& destination, std::uint16_t filler_sum);
  void cancel(Peer& peer) { tracker_.cancel(peer); }

 private:
  struct Place {
    std::weak_ptr<OpenChannel> open;
    std::uint64_t refused_before_flush = 0;  // 0: never
    metrics::FailureReason reason{};
  };

  IcmpEngine(base::EventLoop& loop, metrics::ExporterMetrics& metrics, TimestampKeeper keeper);

  [[nodiscard]] std::uint16_t provide_filler(std::size_t payload_bytes);
  [[nodiscard]] std::uint16_t unused_identifier() const;
  void on_ready(Channel& channel);
  void on_timer();
  void arm_timer(std::optional<base::TimePoint> when);
  void publish();

  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  TimestampKeeper keeper_;
  Tracker tracker_;
  std::unique_ptr<ReceiveBatch> memory_;  // never null
  VerdictCounts counts_{};
  std::vector<std::uint8_t> filler_;
  std::map<SocketSettings, Place> channels_;
  RefusalLog refusals_{"icmp"};
  std::uint64_t next_flush_ = 1;
  std::uint32_t next_number_ = 0;
  std::vector<std::shared_ptr<OpenChannel>> queued_;  // with requests for the next flush()
  base::Timer timer_;
  std::optional<base::TimePoint> armed_;
};

}  // namespace rtt::probers::icmp
