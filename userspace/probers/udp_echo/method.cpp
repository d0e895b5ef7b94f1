#include "probers/udp_echo/method.h"

#include "probers/packet_engine.h"
#include "probers/udp_echo/channel.h"
#include "probers/udp_echo/message.h"
#include "probers/udp_echo/options.h"

namespace rtt::probers::udp_echo {
namespace {

PacketPlan plan(const config::MethodOptions& any) {
  const auto& options = dynamic_cast<const Options&>(any);
  return {.socket = options.socket,
          .dont_fragment = options.dont_fragment,
          .lanes = options.source_ports,
          .port = options.port,
          .payload_bytes = options.payload_bytes,
          .filler_bytes = options.payload_bytes - sizeof(RequestHead),
          .filler_sum = 0,
          .receive_bytes = kMostPayloadBytes};
}

base::Result<std::unique_ptr<Engine>> create_engine(base::EventLoop& loop,
                                                    metrics::ExporterMetrics& metrics) {
  auto keeper = TimestampKeeper::create();
  if (!keeper) return keeper.error();
  return std::unique_ptr<Engine>(std::make_unique<PacketEngine>(
      loop, metrics, *std::move(keeper),
      PacketMethod{.name = "udp_echo", .plan = plan, .open = Channel::open}));
}

}  // namespace

Method method() {
  using metrics::FailureReason;
  return {
      .schema = {.name = "udp_echo", .read_options = read_options},
      .reasons = {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
                  FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kTooBig,
                  FailureReason::kRefused, FailureReason::kSendError, FailureReason::kCancelled},
      .create_engine = create_engine,
      .features = {.path_changes = true}};
}

}  // namespace rtt::probers::udp_echo
