#include "probers/udp_echo/channel.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "base/result.h"
#include "probers/packet_socket.h"
#include "probers/udp_echo/message.h"

namespace rtt::probers::udp_echo {

OpenedChannel Channel::open(const ChannelSettings& settings, std::uint32_t number) {
  const auto failed = [](const char* what) {
    return SocketFailure{metrics::FailureReason::kNoRoute, base::errno_error(what).message};
  };
  base::UniqueFd fd(socket(settings.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed("cannot open a UDP socket");
  if (auto refused = report_errors(fd.get(), settings.family)) return *std::move(refused);
  if (auto refused = prepare_packet_socket(fd.get(), settings)) return *std::move(refused);
  const std::uint16_t port = bound_port(fd.get(), settings);
  if (port == 0) return failed("cannot bind a UDP socket");
  return std::unique_ptr<PacketChannel>(new Channel(std::move(fd), settings.family, port, number));
}

Channel::Channel(base::UniqueFd socket, int family, std::uint16_t port, std::uint32_t number)
    : PacketChannel(std::move(socket), true, number), family_(family), port_(port) {}

RequestHead Channel::request_head(std::uint16_t sequence, std::uint64_t token,
                                  std::uint16_t /*filler_sum*/) const {
  return udp_echo::request_head(sequence, token);
}

Tracker::Verdict Channel::on_message(const ReceiveBatch::Message& message, const Arrival& arrival,
                                     Tracker& tracker) const {
  // A request to a port that nobody serves, which happens to be this very socket's.
  if (arrival.from_port == port_ && arrival.from.is_loopback()) {
    return Tracker::Verdict::kUnmatched;
  }
  const auto echo = parse_reply(message.data);
  if (!echo) return Tracker::Verdict::kMalformed;
  return tracker.on_reply(*echo, arrival);
}

Tracker::Verdict Channel::on_error(const ReceiveBatch::Message& message, const Arrival& arrival,
                                   Tracker& tracker) const {
  const auto quoted = parse_quote(message.data);
  if (!quoted) return Tracker::Verdict::kUnmatched;
  const ControlData::ErrorReport& report = *message.control.error;
  const bool from_peer = message.address && message.control.offender == message.address;
  const Meaning meaning = meaning_of(family_, report.type, report.code, from_peer);
  return tracker.on_error({.reason = meaning.reason,
                           .by_peer = meaning.refused,
                           .destination = message.address,
                           .port = message.port,
                           .sequence = quoted->sequence,
                           .token = quoted->token},
                          arrival);
}

}  // namespace rtt::probers::udp_echo
