// The daemon's end of the namespace opener (namespace_opener.h): one question at a time.
//
// Lives on its loop; callbacks run there.
#pragma once

#include <cstdint>
#include <functional>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "passive/namespace_protocol.h"

namespace rtt::passive {

class OpenerChannel {
 public:
  /// Of kReply or kNoDescriptors.
  using OnReply = std::function<void(ReceivedReply reply)>;

  /// `loop` must outlive it.
  OpenerChannel(base::EventLoop& loop, base::UniqueFd socket);

  /// The opener ended, or what it said makes no sense; for good.
  [[nodiscard]] bool gone() const { return !socket_; }
  /// A reply is outstanding, perhaps one that nobody waits for any more.
  [[nodiscard]] bool busy() const { return busy_; }

  /// `on_reply` is called once, unless the opener goes or forget() comes first. It may ask again.
  /// Precondition: !busy() and !gone().
  void ask(NamespaceRequest::Kind kind, std::uint32_t index, OnReply on_reply);
  /// The outstanding reply goes to nobody.
  void forget() { on_reply_ = nullptr; }
  /// Called when the opener goes, at any time; null: nobody is.
  void set_on_gone(std::function<void()> on_gone) { on_gone_ = std::move(on_gone); }

 private:
  void on_readable();
  void close();

  base::UniqueFd socket_;
  base::FdWatch watch_;  // after socket_: goes before it
  std::uint32_t sequence_ = 0;
  bool busy_ = false;
  NamespaceRequest::Kind asked_ = NamespaceRequest::Kind::kList;
  OnReply on_reply_;
  std::function<void()> on_gone_;
};

}  // namespace rtt::passive
