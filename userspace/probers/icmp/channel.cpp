#include "probers/icmp/channel.h"

#include <utility>

#include "base/random.h"

namespace rtt::probers::icmp {
namespace {

using metrics::FailureReason;

std::uint16_t unused_identifier(const Identifiers& used) {
  for (;;) {
    const auto identifier = static_cast<std::uint16_t>(base::random_u64());
    if (!used.contains(identifier)) return identifier;
  }
}

FailureReason reason_of(Failure failure) {
  switch (failure) {
    case Failure::kTtlExceeded:
      return FailureReason::kTtlExceeded;
    case Failure::kTooBig:
      return FailureReason::kTooBig;
    case Failure::kUnreachable:
      break;
  }
  return FailureReason::kUnreachable;
}

}  // namespace

OpenedChannel Channel::open(const ChannelSettings& settings, std::uint32_t number,
                            const std::shared_ptr<Identifiers>& used) {
  auto opened = open_socket(settings, unused_identifier(*used));
  if (auto* failure = std::get_if<SocketFailure>(&opened)) return std::move(*failure);
  return std::unique_ptr<PacketChannel>(
      new Channel(std::get<Socket>(std::move(opened)), settings.family, number, used));
}

Channel::Channel(Socket socket, int family, std::uint32_t number, std::shared_ptr<Identifiers> used)
    : PacketChannel(std::move(socket.fd), socket.kind == EchoSocketKind::kPing, number),
      family_(family),
      kind_(socket.kind),
      identifier_(socket.identifier),
      used_(std::move(used)) {
  used_->insert(identifier_);
}

Channel::~Channel() { used_->erase(used_->find(identifier_)); }

RequestHead Channel::request_head(std::uint16_t sequence, std::uint64_t token,
                                  std::uint16_t filler_sum) const {
  return icmp::request_head(
      family_, {.identifier = identifier_, .sequence = sequence, .token = token}, filler_sum);
}

Tracker::Verdict Channel::on_message(const ReceiveBatch::Message& message, const Arrival& arrival,
                                     Tracker& tracker) const {
  return handle(parse(message.data), arrival, tracker);
}

Tracker::Verdict Channel::on_error(const ReceiveBatch::Message& message, const Arrival& arrival,
                                   Tracker& tracker) const {
  const ControlData::ErrorReport& report = *message.control.error;
  Parsed parsed = parse_queued_error(family_, report.type, report.code, message.data);
  if (auto* error = std::get_if<ErrorMessage>(&parsed)) error->destination = message.address;
  return handle(parsed, arrival, tracker);
}

Parsed Channel::parse(ByteSpan message) const {
  if (kind_ == EchoSocketKind::kPing) return parse_reply(family_, message);
  return family_ == AF_INET ? parse_ipv4_packet(message) : parse_icmpv6_message(message);
}

Tracker::Verdict Channel::handle(const Parsed& parsed, const Arrival& arrival,
                                 Tracker& tracker) const {
  if (std::holds_alternative<Malformed>(parsed)) return Tracker::Verdict::kMalformed;
  if (const auto* reply = std::get_if<Reply>(&parsed)) {
    if (reply->identifier != identifier_) return Tracker::Verdict::kUnmatched;
    return tracker.on_reply(
        {.sequence = reply->sequence, .token = reply->token, .payload_bytes = reply->payload_bytes},
        arrival);
  }
  if (const auto* error = std::get_if<ErrorMessage>(&parsed)) {
    if (error->identifier != identifier_) return Tracker::Verdict::kUnmatched;
    return tracker.on_error({.reason = reason_of(error->failure),
                             .destination = error->destination,
                             .sequence = error->sequence,
                             .token = error->token},
                            arrival);
  }
  return Tracker::Verdict::kUnmatched;
}

}  // namespace rtt::probers::icmp
