#include "probers/tcp_echo/method.h"

#include "probers/tcp_echo/prober.h"
#include "probers/timestamps.h"

namespace rtt::probers::tcp_echo {
namespace {

using metrics::FailureReason;

constexpr std::uint16_t kDefaultPort = 10007;  // RFC 862's port 7, out of the privileged range

class EchoEngine final : public Engine {
 public:
  EchoEngine(base::EventLoop& loop, metrics::ExporterMetrics& metrics, TimestampKeeper keeper)
      : loop_(loop), metrics_(metrics), keeper_(std::move(keeper)) {
    metrics_.add_counter(kTimestampFallbacks, {{"method", "tcp_echo"}}, 0);
  }

  std::unique_ptr<Prober> create_prober(const config::Probe& probe,
                                        std::shared_ptr<metrics::ProbeSeries> series) override {
    const auto& options = static_cast<const Options&>(*probe.options);
    return std::make_unique<EchoProber>(loop_, metrics_, refusals_, options, probe.timeout,
                                        std::move(series));
  }

 private:
  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  TimestampKeeper keeper_;
  RefusalLog refusals_{"tcp_echo"};
};

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->tcp = read_tcp_options(reader, kDefaultPort);
  options->payload_bytes = static_cast<std::size_t>(
      reader.integer("payload_bytes", static_cast<std::int64_t>(options->payload_bytes),
                     kHeaderBytes, kMaxPayloadBytes));
  options->source_ports = static_cast<std::size_t>(
      reader.integer("source_ports", static_cast<std::int64_t>(options->source_ports), 1, 64));
  return options;
}

base::Result<std::unique_ptr<Engine>> create_engine(base::EventLoop& loop,
                                                    metrics::ExporterMetrics& metrics) {
  auto keeper = TimestampKeeper::create();
  if (!keeper) return keeper.error();
  return std::unique_ptr<Engine>(std::make_unique<EchoEngine>(loop, metrics, std::move(*keeper)));
}

}  // namespace

Method method() {
  return {{"tcp_echo", read_options, true},
          {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
           FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kRefused,
           FailureReason::kDisconnected, FailureReason::kNotConnected, FailureReason::kBadReply,
           FailureReason::kHeadOfLine, FailureReason::kSendError, FailureReason::kCancelled},
          create_engine};
}

}  // namespace rtt::probers::tcp_echo
