#include "probers/packet_sender.h"

#include <linux/errqueue.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <random>

#include "probers/socket_options.h"

namespace rtt::probers {
namespace {

// While one of them is taken the next may come.
constexpr int kMostPendingErrors = 4;

int send(int fd, std::span<mmsghdr> headers) {
  for (;;) {
    const auto count = static_cast<unsigned>(headers.size());
    const int sent = sendmmsg(fd, headers.data(), count, MSG_DONTWAIT);
    if (sent > 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

// sendmsg(2) only reads.
template <typename T>
iovec part(const T& bytes, std::size_t count) {
  return {.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = count};
}

metrics::FailureReason reason_of(int error_number) {
  return error_number == EMSGSIZE ? metrics::FailureReason::kTooBig : local_failure(error_number);
}

}  // namespace

std::vector<std::uint8_t> make_filler(std::size_t bytes) {
  std::vector<std::uint8_t> filler(bytes);
  std::minstd_rand generator;
  for (std::uint8_t& byte : filler) byte = static_cast<std::uint8_t>(generator() >> 16);
  return filler;
}

PacketSender::PacketSender(int fd, bool errors_pend)
    : fd_(fd), errors_pend_(errors_pend), headers_{}, awaiting_(kAwaited) {}

std::size_t PacketSender::prepare(std::span<const Outgoing> requests, ByteSpan filler) {
  const std::size_t count = std::min(requests.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    const Outgoing& request = requests[i];
    assert(request.filler_bytes <= filler.size());
    addresses_[i] = base::SocketAddress(request.destination, request.port);
    parts_[i] = {part(request.head, request.head.size()), part(filler, request.filler_bytes)};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &addresses_[i].storage;
    header.msg_namelen = addresses_[i].length;
    header.msg_iov = parts_[i].data();
    header.msg_iovlen = parts_[i].size();
  }
  return count;
}

std::size_t PacketSender::send_some(std::span<const Outgoing> requests, ByteSpan filler,
                                    Tracker& tracker) {
  const std::size_t count = prepare(requests, filler);
  const base::TimePoint now = base::Clock::now();
  const int sent = send(fd_, {headers_.data(), count});
  // Also when only a part was sent: what stopped the rest may have taken an id.
  ids_uncertain_ = sent < static_cast<int>(count);
  if (sent < 0) {
    if (errors_pend_ && ++errors_in_a_row_ <= kMostPendingErrors) return 0;
    errors_in_a_row_ = 0;
    tracker.send_failed(requests[0].handle, reason_of(-sent));
    return 1;
  }
  errors_in_a_row_ = 0;
  const auto done = static_cast<std::size_t>(sent);
  for (const Outgoing& request : requests.first(done)) on_sent(request.handle, now, tracker);
  return done;
}

void PacketSender::on_sent(Handle handle, base::TimePoint when, Tracker& tracker) {
  tracker.sent(handle, when);
  awaiting_[next_id_ % kAwaited] = {next_id_, handle};
  ++next_id_;
  ++outstanding_;
}

void PacketSender::on_transmitted(const ControlData& control, Tracker& tracker) {
  if (outstanding_ > 0) --outstanding_;
  if (!control.transmitted || control.transmitted->type != SCM_TSTAMP_SND) return;
  if (!control.timestamp || !ids_usable_) return;
  const Awaiting& awaiting = awaiting_[control.transmitted->id % kAwaited];
  if (awaiting.id == control.transmitted->id) {
    tracker.transmitted(awaiting.handle, *control.timestamp);
  }
}

void PacketSender::restart_ids() {
  ids_usable_ = restart_timestamp_ids(fd_).ok();
  ids_uncertain_ = false;
  std::fill(awaiting_.begin(), awaiting_.end(), Awaiting{});
  next_id_ = 0;
  outstanding_ = 0;
}

}  // namespace rtt::probers
