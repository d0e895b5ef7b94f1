// What all probers share of a method whose probes are packets of their own: the sockets, the books,
// one timer.
//
// Peers with equal options share their sockets, however many they are. Lives on the probe loop,
// like its probers, which must not outlive it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"
#include "probers/packet_channel.h"
#include "probers/prober.h"
#include "probers/timestamps.h"
#include "probers/tracker.h"

namespace rtt::probers {

/// How the probes of one prober are sent.
struct PacketPlan {
  SocketOptions socket{};
  bool dont_fragment = false;
  std::uint16_t lanes = 1;  // channels in rotation, one per probe
  std::uint16_t port = 0;   // 0 where there is none
  std::size_t payload_bytes = 0;
  std::size_t filler_bytes = 0;   // of the payload, after the head
  std::uint16_t filler_sum = 0;   // given to PacketChannel::request_head()
  std::size_t receive_bytes = 0;  // the longest message that a right answer is
};

using OpenedChannel = std::variant<std::unique_ptr<PacketChannel>, SocketFailure>;

/// What a method adds.
struct PacketMethod {
  std::string name;
  std::function<PacketPlan(const config::MethodOptions&)> plan;
  /// `number`: see PacketChannel.
  std::function<OpenedChannel(const ChannelSettings&, std::uint32_t number)> open;
};

class PacketEngine final : public Engine {
 public:
  /// A channel in use, watched.
  struct OpenChannel {
    std::unique_ptr<PacketChannel> channel;
    base::FdWatch watch;
    std::string interface;         // that the socket is bound to; empty: none
    unsigned interface_index = 0;  // what it was when the socket was made, or a moment before
    std::uint64_t looked_before_flush = 0;
    bool usable = true;
  };
  using Channel = std::variant<std::shared_ptr<OpenChannel>, metrics::FailureReason>;

  PacketEngine(base::EventLoop& loop, metrics::ExporterMetrics& metrics, TimestampKeeper keeper,
               PacketMethod method);

  [[nodiscard]] std::unique_ptr<Prober> create_prober(
      const config::Probe& probe, std::shared_ptr<metrics::ProbeSeries> series) override;
  void flush() override;

  /// Open as long as somebody holds it. A reason when the host refuses; why is logged once until it
  /// works again, and the host is asked once per flush().
  [[nodiscard]] Channel channel(const ChannelSettings& settings);
  /// Whether its interface is still the one of that name. Looked at once per flush().
  [[nodiscard]] bool usable(OpenChannel& open) const;
  /// Begins a probe, to be sent by the next flush().
  void start(const std::shared_ptr<OpenChannel>& open, const std::shared_ptr<Peer>& peer,
             const base::IpAddress& destination, const PacketPlan& plan);
  void cancel(Peer& peer) { tracker_.cancel(peer); }

 private:
  struct Place {
    std::weak_ptr<OpenChannel> open;
    std::uint64_t refused_before_flush = 0;  // 0: never
    metrics::FailureReason reason{};
  };

  void on_ready(PacketChannel& channel);
  void on_timer();
  void arm_timer(std::optional<base::TimePoint> when);
  void publish();

  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  TimestampKeeper keeper_;
  const PacketMethod method_;
  RefusalLog refusals_;
  Tracker tracker_;
  std::unique_ptr<ReceiveBatch> memory_;  // never null
  VerdictCounts counts_{};
  std::vector<std::uint8_t> filler_;
  std::map<ChannelSettings, Place> channels_;
  std::uint32_t next_number_ = 0;
  std::vector<std::shared_ptr<OpenChannel>> queued_;  // with requests for the next flush()
  base::Timer timer_;
  std::optional<base::TimePoint> armed_;
  std::uint64_t next_flush_ = 1;
};

}  // namespace rtt::probers
