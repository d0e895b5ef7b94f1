#include "probers/tcp_connect/method.h"

#include "probers/tcp_connect/prober.h"

namespace rtt::probers::tcp_connect {
namespace {

using metrics::FailureReason;

class ConnectEngine final : public Engine {
 public:
  explicit ConnectEngine(base::EventLoop& loop) : loop_(loop) {}

  std::unique_ptr<Prober> create_prober(const config::Probe& probe,
                                        std::shared_ptr<metrics::ProbeSeries> series) override {
    const auto& options = static_cast<const Options&>(*probe.options);
    return std::make_unique<ConnectProber>(loop_, refusals_, options.tcp, probe.timeout,
                                           std::move(series));
  }

 private:
  base::EventLoop& loop_;
  RefusalLog refusals_{"tcp_connect"};
};

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->tcp = read_tcp_options(reader, std::nullopt);
  return options;
}

}  // namespace

Method method() {
  return {{"tcp_connect", read_options, true},
          {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
           FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kRefused,
           FailureReason::kSendError, FailureReason::kCancelled},
          [](base::EventLoop& loop,
             metrics::ExporterMetrics&) -> base::Result<std::unique_ptr<Engine>> {
            return std::unique_ptr<Engine>(std::make_unique<ConnectEngine>(loop));
          }};
}

}  // namespace rtt::probers::tcp_connect
