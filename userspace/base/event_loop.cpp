#include "base/event_loop.h"

#include <poll.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <list>

#include "base/logging.h"

namespace rtt::base {
namespace {

constexpr auto kRetryInterval = std::chrono::seconds(1);

// Without its own few descriptors a loop is nothing, and nothing works without a loop.
template <typename SetUp>
void or_exit(SetUp set_up) {
  try {
    set_up();
  } catch (const std::exception& error) {
    log_error("cannot set up an event loop", {{"error", error.what()}});
    std::_Exit(EXIT_FAILURE);
  }
}

}  // namespace

struct EventLoop::Impl {
  // Asio opens its epoll descriptor with the first object that needs it; here it may still fail.
  Impl() {
    or_exit([this] { const asio::steady_timer first(context); });
  }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::list<asio::signal_set> signals;
  std::function<void(int)> on_signal;

  void wait_for_signal(asio::signal_set& set) {
    set.async_wait([this, &set](const asio::error_code& error, int signal) {
      if (error) return;
      wait_for_signal(set);
      on_signal(signal);
    });
  }
};

struct FdWatch::State : std::enable_shared_from_this<FdWatch::State> {
  State(asio::io_context& context, int number, Interest wanted, std::function<void()> callback)
      : descriptor(context), fd(number), interest(wanted), on_ready(std::move(callback)) {}

  void start() {
    asio::error_code error;
    descriptor.assign(fd, error);
    if (!error) return wait();
    assert(error != std::errc::bad_file_descriptor && error != std::errc::file_exists);
    // The kernel's memory or its limit of watched descriptors is exhausted, which may pass.
    log_error("cannot watch a descriptor, trying again", {{"error", error.message()}});
    const auto retry = std::make_shared<asio::steady_timer>(descriptor.get_executor());
    retry->expires_after(kRetryInterval);
    retry->async_wait([self = shared_from_this(), retry](const asio::error_code&) {
      if (self->alive) self->start();
    });
  }

  void wait() {
    using asio::posix::descriptor_base;
    descriptor.async_wait(
        interest == Interest::kRead ? descriptor_base::wait_read : descriptor_base::wait_write,
        [self = shared_from_this()](const asio::error_code& error) { self->wake(error); });
  }

  void wake(const asio::error_code& error) {
    if (!alive) return;
    assert(
        !error);  // epoll_wait(2) has no wait for this kind of descriptor, such as a regular file
    if (is_ready()) {
      calling = true;
      on_ready();
      calling = false;
    }
    if (alive) {
      wait();
    } else {
      on_ready = nullptr;
    }
  }

  // Asio reuses the registration of a destroyed watch, and an event of the old one that was fetched
  // already then wakes the new one.
  [[nodiscard]] bool is_ready() const {
    pollfd query{fd, static_cast<short>(interest == Interest::kRead ? POLLIN : POLLOUT), 0};
    return poll(&query, 1, 0) > 0;
  }

  void end() {
    alive = false;
    descriptor.release();  // cancels the wait and leaves the descriptor to its owner
    if (!calling) on_ready = nullptr;
  }

  asio::posix::stream_descriptor descriptor;
  const int fd;
  const Interest interest;
  std::function<void()> on_ready;
  bool alive = true;
  bool calling = false;
};

FdWatch::FdWatch() = default;
FdWatch::FdWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
FdWatch::FdWatch(FdWatch&&) noexcept = default;

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  state_.swap(other.state_);
  FdWatch discarded(std::move(other));
  return *this;
}

FdWatch::~FdWatch() {
  if (state_) state_->end();
}

struct Timer::State : std::enable_shared_from_this<Timer::State> {
  State(asio::io_context& context, std::function<void()> callback)
      : timer(context), on_expiry(std::move(callback)) {}

  void wait() {
    // An expiry that is already queued when the timer is set again must not count as the new one.
    timer.async_wait(
        [self = shared_from_this(), setting = ++settings](const asio::error_code& error) {
          if (!error && self->settings == setting) self->expire();
        });
  }

  void expire() {
    calling = true;
    on_expiry();
    calling = false;
    if (!alive) on_expiry = nullptr;
  }

  void cancel() {
    ++settings;
    timer.cancel();
  }

  void end() {
    alive = false;
    cancel();
    if (!calling) on_expiry = nullptr;
  }

  asio::steady_timer timer;
  std::function<void()> on_expiry;
  std::uint64_t settings = 0;
  bool alive = true;
  bool calling = false;
};

Timer::Timer() = default;
Timer::Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}
Timer::Timer(Timer&&) noexcept = default;

Timer& Timer::operator=(Timer&& other) noexcept {
  state_.swap(other.state_);
  Timer discarded(std::move(other));
  return *this;
}

Timer::~Timer() {
  if (state_) state_->end();
}

void Timer::expires_at(TimePoint when) {
  assert(state_);
  state_->timer.expires_at(when);
  state_->wait();
}

void Timer::cancel() {
  if (state_) state_->cancel();
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() { impl_->context.run(); }
void EventLoop::stop() { impl_->context.stop(); }
void EventLoop::post(std::function<void()> function) {
  asio::post(impl_->context, std::move(function));
}

FdWatch EventLoop::watch(int fd, Interest interest, std::function<void()> on_ready) {
  auto state = std::make_shared<FdWatch::State>(impl_->context, fd, interest, std::move(on_ready));
  state->start();
  return FdWatch(std::move(state));
}

Timer EventLoop::timer(std::function<void()> on_expiry) {
  return Timer(std::make_shared<Timer::State>(impl_->context, std::move(on_expiry)));
}

void EventLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> on_signal) {
  impl_->on_signal = std::move(on_signal);
  or_exit([&] {
    asio::signal_set& set = impl_->signals.emplace_back(impl_->context);
    for (const int signal : signals) set.add(signal);
    impl_->wait_for_signal(set);
  });
}

}  // namespace rtt::base
