#include "probers/icmp/method.h"

#include "base/logging.h"
#include "probers/icmp/channel.h"
#include "probers/icmp/options.h"
#include "probers/icmp/socket.h"
#include "probers/packet_engine.h"

namespace rtt::probers::icmp {
namespace {

constexpr std::size_t kMostIpHeaderBytes = 60;

base::Result<EchoSocketKind> try_family(int family) {
  const auto opened = open_socket({.family = family}, 0);
  if (const auto* failure = std::get_if<SocketFailure>(&opened)) {
    return base::Error{failure->message};
  }
  return std::get<Socket>(opened).kind;
}

void log_kind(const base::Result<EchoSocketKind>& tried, const char* family) {
  if (!tried) {
    base::log_info("icmp cannot be sent", {{"family", family}, {"reason", tried.error().message}});
  } else if (*tried == EchoSocketKind::kPing) {
    base::log_info("icmp uses unprivileged sockets", {{"family", family}});
  }
}

PacketPlan plan(const config::MethodOptions& any) {
  const auto& options = dynamic_cast<const Options&>(any);
  const std::size_t filler_bytes = options.payload_bytes - kTokenBytes;
  return {.socket = options.socket,
          .dont_fragment = options.dont_fragment,
          .lanes = options.identifiers,
          .payload_bytes = options.payload_bytes,
          .filler_bytes = filler_bytes,
          .filler_sum = internet_sum(make_filler(filler_bytes)),
          .receive_bytes = kMostIpHeaderBytes + kHeaderBytes + options.payload_bytes};
}

base::Result<std::unique_ptr<Engine>> create_engine(base::EventLoop& loop,
                                                    metrics::ExporterMetrics& metrics) {
  const auto v4 = try_family(AF_INET);
  const auto v6 = try_family(AF_INET6);
  if (!v4 && !v6) {
    return base::Error{"this host allows no ICMP echo: " + v4.error().message + "; " +
                       v6.error().message};
  }
  log_kind(v4, "ipv4");
  log_kind(v6, "ipv6");
  auto keeper = TimestampKeeper::create();
  if (!keeper) return keeper.error();
  const auto open = [used = std::make_shared<Identifiers>()](const ChannelSettings& settings,
                                                             std::uint32_t number) {
    return Channel::open(settings, number, used);
  };
  return std::unique_ptr<Engine>(std::make_unique<PacketEngine>(
      loop, metrics, *std::move(keeper), PacketMethod{.name = "icmp", .plan = plan, .open = open}));
}

}  // namespace

Method method() {
  using metrics::FailureReason;
  return {
      .schema = {.name = "icmp", .read_options = read_options},
      .reasons = {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
                  FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kTooBig,
                  FailureReason::kSendError, FailureReason::kCancelled},
      .create_engine = create_engine,
      .features = {.path_changes = true}};
}

}  // namespace rtt::probers::icmp
