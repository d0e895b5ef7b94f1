#include "probers/icmp/sender.h"

#include <linux/errqueue.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace rtt::probers::icmp {
namespace {

metrics::FailureReason reason_of(int error_number) {
  return error_number == EMSGSIZE ? metrics::FailureReason::kTooBig : local_failure(error_number);
}

int send(int fd, std::span<mmsghdr> headers) {
  for (;;) {
    const auto count = static_cast<unsigned>(headers.size());
    const int sent = sendmmsg(fd, headers.data(), count, MSG_DONTWAIT);
    if (sent > 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

Sender::Sender(const Socket& socket, int family)
    : socket_(socket), family_(family), headers_{}, awaiting_(kAwaited) {}

std::size_t Sender::prepare(std::span<const Outgoing> requests, ByteSpan filler) {
  const std::size_t count = std::min(requests.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    const Outgoing& request = requests[i];
    const std::size_t filler_bytes = request.payload_bytes - kTokenBytes;
    assert(filler_bytes <= filler.size());
    heads_[i] = request_head(family_,
                             {.identifier = socket_.identifier,
                              .sequence = request.sequence,
                              .token = request.handle.token},
                             request.filler_sum);
    addresses_[i] = base::SocketAddress(request.destination, 0);
    parts_[i][0] = {.iov_base = heads_[i].data(), .iov_len = heads_[i].size()};
    // sendmsg(2) only reads.
    parts_[i][1] = {.iov_base = const_cast<std::uint8_t*>(filler.data()), .iov_len = filler_bytes};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &addresses_[i].storage;
    header.msg_namelen = addresses_[i].length;
    header.msg_iov = parts_[i].data();
    header.msg_iovlen = parts_[i].size();
  }
  return count;
}

std::size_t Sender::send_some(std::span<const Outgoing> requests, ByteSpan filler,
                              Tracker& tracker) {
  const std::size_t count = prepare(requests, filler);
  const base::TimePoint now = base::Clock::now();
  int sent = send(socket_.fd.get(), {headers_.data(), count});
  if (sent < 0) {
    ids_uncertain_ = true;
    // A ping socket returns the ICMP error that another probe got, once, instead of sending.
    if (socket_.kind == EchoSocketKind::kPing) sent = send(socket_.fd.get(), {headers_.data(), 1});
  }
  if (sent < 0) {
    tracker.send_failed(requests[0].handle, reason_of(-sent));
    return 1;
  }
  const auto done = static_cast<std::size_t>(sent);
  for (const Outgoing& request : requests.first(done)) on_sent(request.handle, now, tracker);
  return done;
}

void Sender::on_sent(Handle handle, base::TimePoint when, Tracker& tracker) {
  tracker.sent(handle, when);
  awaiting_[next_id_ % kAwaited] = {next_id_, handle};
  ++next_id_;
  ++outstanding_;
}

void Sender::on_transmitted(const ControlData& control, Tracker& tracker) {
  if (outstanding_ > 0) --outstanding_;
  if (!control.transmitted || control.transmitted->type != SCM_TSTAMP_SND) return;
  if (!control.timestamp || ids_uncertain_ || !ids_usable_) return;
  const Awaiting& awaiting = awaiting_[control.transmitted->id % kAwaited];
  if (awaiting.id == control.transmitted->id) {
    tracker.transmitted(awaiting.handle, *control.timestamp);
  }
}

void Sender::restart_ids() {
  ids_usable_ = restart_timestamp_ids(socket_.fd.get()).ok();
  ids_uncertain_ = false;
  std::fill(awaiting_.begin(), awaiting_.end(), Awaiting{});
  next_id_ = 0;
  outstanding_ = 0;
}

}  // namespace rtt::probers::icmp
