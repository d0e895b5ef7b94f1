#include "app/watchdog.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

#include "unit/app/notify_socket.h"

namespace rtt::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{40};
constexpr int kTurns = 10;

// A loop that runs on its own thread, and can hang.
class Turning {
 public:
  ~Turning() {
    loop_.stop();
    thread_.join();
  }

  base::EventLoop& loop() { return loop_; }
  void call(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  // Until the promise is fulfilled; returns when it does.
  void hang(std::promise<void>& until) {
    std::promise<void> begun;
    loop_.post([&begun, released = until.get_future().share()] {
      begun.set_value();
      released.wait();
    });
    begun.get_future().wait();
  }

 private:
  base::EventLoop loop_;
  std::thread thread_{[this] { loop_.run(); }};
};

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() {
    control_.call([this] {
      watchdog_.emplace(control_.loop(), notifier_, kTimeout,
                        [this](auto answer) { probes_.loop().post(std::move(answer)); });
    });
  }
  ~WatchdogTest() override {
    control_.call([this] { watchdog_.reset(); });
  }

  // Waits while it would have been told several times.
  void pass_some_timeouts() {
    std::promise<void> passed;
    int turns = 0;
    std::optional<base::Timer> timer;
    Turning clock;
    clock.call([&] {
      timer = clock.loop().timer([&] {
        if (++turns == kTurns) return passed.set_value();
        timer->expires_after(kTimeout);
      });
      timer->expires_after(kTimeout);
    });
    passed.get_future().wait();
    clock.call([&] { timer.reset(); });
  }

  const NotifySocket socket_{NotifySocket::abstract_name()};
  Notifier notifier_;
  Turning control_;
  Turning probes_;
  std::optional<Watchdog> watchdog_;
};

TEST_F(WatchdogTest, IsToldAgainAndAgainWhileBothLoopsTurn) {
  for (int i = 0; i < kTurns; ++i) EXPECT_EQ(socket_.next(), "WATCHDOG=1\n");
}

TEST_F(WatchdogTest, IsLostWhenTheProbeLoopHangs) {
  std::promise<void> released;
  probes_.hang(released);
  control_.call([] {});  // an answer from before may be under way
  socket_.drain();
  pass_some_timeouts();
  EXPECT_EQ(socket_.drain(), 0);
  released.set_value();
  EXPECT_EQ(socket_.next(), "WATCHDOG=1\n");
}

TEST_F(WatchdogTest, IsLostWhenTheControlLoopHangs) {
  std::promise<void> released;
  control_.hang(released);
  socket_.drain();
  pass_some_timeouts();
  EXPECT_EQ(socket_.drain(), 0);
  released.set_value();
  EXPECT_EQ(socket_.next(), "WATCHDOG=1\n");
}

}  // namespace
}  // namespace rtt::app
