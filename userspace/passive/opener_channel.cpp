#include "passive/opener_channel.h"

#include <cassert>
#include <utility>

namespace rtt::passive {

OpenerChannel::OpenerChannel(base::EventLoop& loop, base::UniqueFd socket)
    : socket_(std::move(socket)),
      watch_(loop.watch(socket_.get(), base::Interest::kRead, [this] { on_readable(); })) {}

// A send that fails is an opener that is gone: the watch says so.
void OpenerChannel::ask(NamespaceRequest::Kind kind, std::uint32_t index, OnReply on_reply) {
  assert(!busy_ && !gone());
  on_reply_ = std::move(on_reply);
  asked_ = kind;
  busy_ = send_request(socket_.get(), {kind, ++sequence_, index});
}

void OpenerChannel::on_readable() {
  using Status = ReceivedReply::Status;
  ReceivedReply received = receive_reply(socket_.get());
  if (received.status == Status::kNothing) return;
  const bool is_reply =
      received.status == Status::kReply || received.status == Status::kNoDescriptors;
  const bool is_list = received.reply.kind == NamespaceReply::Kind::kListed;
  const bool is_answer = busy_ && received.reply.sequence == sequence_ &&
                         is_list == (asked_ == NamespaceRequest::Kind::kList);
  if (!is_reply || !is_answer) return close();
  busy_ = false;
  const OnReply on_reply = std::exchange(on_reply_, nullptr);
  if (on_reply) on_reply(std::move(received));
}

void OpenerChannel::close() {
  watch_ = {};
  socket_.reset();
  busy_ = false;
  on_reply_ = nullptr;
  if (on_gone_) on_gone_();
}

}  // namespace rtt::passive
