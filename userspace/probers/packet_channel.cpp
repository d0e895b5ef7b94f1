#include "probers/packet_channel.h"

#include <linux/errqueue.h>

#include <span>
#include <utility>

#include "base/random.h"

namespace rtt::probers {
namespace {

// Of receive calls in a row, before other work gets its turn.
constexpr int kMostBatches = 64;

bool is_network_error(const ControlData& control) {
  return control.error && (control.error->origin == SO_EE_ORIGIN_ICMP ||
                           control.error->origin == SO_EE_ORIGIN_ICMP6);
}

}  // namespace

PacketChannel::PacketChannel(base::UniqueFd socket, bool errors_pend, std::uint32_t number)
    : socket_(std::move(socket)),
      errors_pend_(errors_pend),
      number_(number),
      next_sequence_(static_cast<std::uint16_t>(base::random_u64())),
      sender_(socket_.get(), errors_pend) {}

void PacketChannel::flush(ByteSpan filler, Tracker& tracker, ReceiveBatch& memory,
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

void PacketChannel::receive(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts) {
  // Transmit timestamps first: a reply needs that of its request.
  const bool errors_expected = sender_.awaits_timestamps() || errors_pend_;
  if (errors_expected) drain_errors(tracker, memory, counts);
  // Woken for nothing else: then it is the error queue, whatever is on it.
  if (receive_messages(tracker, memory, counts) == 0 && !errors_expected) {
    drain_errors(tracker, memory, counts);
  }
}

void PacketChannel::drain_errors(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts) {
  drain_error_queue(fd(), memory, [&](const ReceiveBatch::Message& message) {
    if (message.control.transmitted) sender_.on_transmitted(message.control, tracker);
    if (!is_network_error(message.control)) return;
    const auto verdict = on_error(message, arrival_of(message, base::Clock::now()), tracker);
    ++counts[static_cast<std::size_t>(verdict)];
  });
}

std::size_t PacketChannel::receive_messages(Tracker& tracker, ReceiveBatch& memory,
                                            VerdictCounts& counts) {
  std::size_t total = 0;
  for (int batch = 0; batch < kMostBatches; ++batch) {
    const int received = memory.receive(fd(), 0);
    // The error of an earlier request comes this way too, once; what it was is on the error queue.
    if (received < 0) continue;
    const base::TimePoint now = base::Clock::now();
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) {
      const ReceiveBatch::Message message = memory.message(i);
      const auto verdict = message.truncated
                               ? Tracker::Verdict::kMalformed
                               : on_message(message, arrival_of(message, now), tracker);
      ++counts[static_cast<std::size_t>(verdict)];
    }
    total += count;
    if (count < memory.capacity()) break;
  }
  return total;
}

Arrival PacketChannel::arrival_of(const ReceiveBatch::Message& message, base::TimePoint now) const {
  return {.channel = number_,
          .from = message.address.value_or(base::IpAddress()),
          .from_port = message.port,
          .kernel_received = message.control.timestamp,
          .received = now,
          .hop_limit = message.control.hop_limit};
}

}  // namespace rtt::probers
