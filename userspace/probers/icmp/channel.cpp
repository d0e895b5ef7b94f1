#include "probers/icmp/channel.h"

#include <linux/errqueue.h>

#include <span>
#include <utility>

#include "base/random.h"

namespace rtt::probers::icmp {
namespace {

// Of receive calls in a row, before other work gets its turn.
constexpr int kMostBatches = 64;

bool is_network_error(const ControlData& control) {
  return control.error && (control.error->origin == SO_EE_ORIGIN_ICMP ||
                           control.error->origin == SO_EE_ORIGIN_ICMP6);
}

}  // namespace

std::variant<std::unique_ptr<Channel>, SocketFailure> Channel::open(const SocketSettings& settings,
                                                                    std::uint16_t raw_identifier,
                                                                    std::uint32_t number) {
  auto opened = open_socket(settings, raw_identifier);
  if (auto* failure = std::get_if<SocketFailure>(&opened)) return std::move(*failure);
  return std::unique_ptr<Channel>(
      new Channel(std::get<Socket>(std::move(opened)), settings, number));
}

Channel::Channel(Socket socket, const SocketSettings& settings, std::uint32_t number)
    : socket_(std::move(socket)),
      interface_(settings.options.interface),
      family_(settings.family),
      number_(number),
      next_sequence_(static_cast<std::uint16_t>(base::random_u64())),
      sender_(socket_, settings.family) {}

bool Channel::usable() const {
  return interface_.empty() || has_queued() ||
         interface_index(interface_) == socket_.interface_index;
}

void Channel::flush(ByteSpan filler, Tracker& tracker, ReceiveBatch& memory,
                    VerdictCounts& counts) {
  std::erase_if(queue_, [&tracker](const Outgoing& request) {
    if (tracker.in_flight(request.handle)) return false;
    tracker.abandon(request.handle);
    return true;
  });
  std::span<const Outgoing> requests = queue_;
  while (!requests.empty()) {
    if (sender_.ids_uncertain()) {
      drain_errors(tracker, memory, counts);
      sender_.restart_ids();
    }
    requests = requests.subspan(sender_.send_some(requests, filler, tracker));
    receive(tracker, memory, counts);
  }
  queue_.clear();
}

void Channel::receive(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts) {
  // Transmit timestamps first: a reply needs that of its request.
  const bool errors_expected = sender_.awaits_timestamps() || socket_.kind == EchoSocketKind::kPing;
  if (errors_expected) drain_errors(tracker, memory, counts);
  // Woken for nothing else: then it is the error queue, whatever is on it.
  if (receive_messages(tracker, memory, counts) == 0 && !errors_expected) {
    drain_errors(tracker, memory, counts);
  }
}

void Channel::drain_errors(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts) {
  drain_error_queue(fd(), memory, [&](const ReceiveBatch::Message& message) {
    if (message.control.transmitted) sender_.on_transmitted(message.control, tracker);
    if (!is_network_error(message.control)) return;
    Parsed parsed = parse_queued_error(family_, message.control.error->type,
                                       message.control.error->code, message.data);
    if (auto* error = std::get_if<ErrorMessage>(&parsed)) error->destination = message.address;
    const Arrival arrival{number_, {}, std::nullopt, std::nullopt, {}};
    ++counts[static_cast<std::size_t>(handle(parsed, arrival, tracker))];
  });
}

std::size_t Channel::receive_messages(Tracker& tracker, ReceiveBatch& memory,
                                      VerdictCounts& counts) {
  std::size_t total = 0;
  for (int batch = 0; batch < kMostBatches; ++batch) {
    const int received = memory.receive(fd(), 0);
    // A ping socket reports the error of an earlier probe this way too, once; what it was is on the
    // error queue.
    if (received < 0) continue;
    const base::TimePoint now = base::Clock::now();
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) {
      const ReceiveBatch::Message message = memory.message(i);
      const Arrival arrival{number_, message.address.value_or(base::IpAddress()),
                            message.control.timestamp, message.control.hop_limit, now};
      ++counts[static_cast<std::size_t>(handle(parse(message), arrival, tracker))];
    }
    total += count;
    if (count < memory.capacity()) break;
  }
  return total;
}

Parsed Channel::parse(const ReceiveBatch::Message& message) const {
  if (message.truncated) return Malformed{};
  if (socket_.kind == EchoSocketKind::kPing) return parse_reply(family_, message.data);
  return family_ == AF_INET ? parse_ipv4_packet(message.data) : parse_icmpv6_message(message.data);
}

Tracker::Verdict Channel::handle(const Parsed& parsed, const Arrival& arrival,
                                 Tracker& tracker) const {
  if (std::holds_alternative<Malformed>(parsed)) return Tracker::Verdict::kMalformed;
  if (const auto* reply = std::get_if<Reply>(&parsed)) {
    if (reply->identifier == socket_.identifier) return tracker.on_reply(*reply, arrival);
  } else if (const auto* error = std::get_if<ErrorMessage>(&parsed)) {
    if (error->identifier == socket_.identifier) return tracker.on_error(*error, arrival);
  }
  return Tracker::Verdict::kUnmatched;
}

}  // namespace rtt::probers::icmp
