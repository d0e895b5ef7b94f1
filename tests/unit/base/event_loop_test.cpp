#include "base/event_loop.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

// A connected pair of non-blocking stream sockets.
struct SocketPair {
  SocketPair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
    near.reset(fds[0]);
    far.reset(fds[1]);
  }
  void make_readable() const { EXPECT_EQ(write(far.get(), "x", 1), 1); }
  void drain() const {
    std::array<char, 64> bytes{};
    while (read(near.get(), bytes.data(), bytes.size()) > 0) {
    }
  }
  void make_unwritable() const {
    const std::string bytes(4096, 'x');
    while (write(near.get(), bytes.data(), bytes.size()) > 0) {
    }
  }
  UniqueFd near;
  UniqueFd far;
};

// Lets the loop poll its descriptors `rounds` times, then stops it.
void stop_after_rounds(EventLoop& loop, int rounds = 20) {
  loop.post([&loop, rounds] {
    if (rounds == 0) {
      loop.stop();
    } else {
      stop_after_rounds(loop, rounds - 1);
    }
  });
}

TEST(EventLoop, ReturnsFromRunAfterStop) {
  EventLoop loop;
  loop.post([&] { loop.stop(); });
  loop.run();
}

TEST(EventLoop, ReturnsFromRunWhenStopCameFirst) {
  EventLoop loop;
  loop.stop();
  loop.run();
}

TEST(EventLoop, StopsForAnotherThread) {
  EventLoop loop;
  std::thread stopper([&] { loop.stop(); });
  loop.run();
  stopper.join();
}

TEST(EventLoop, RunsPostedFunctionsInOrder) {
  EventLoop loop;
  std::vector<int> order;
  loop.post([&] {
    order.push_back(1);
    loop.post([&] { order.push_back(3); });
    loop.post([&] { loop.stop(); });
  });
  loop.post([&] { order.push_back(2); });
  loop.run();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(EventLoop, RunsWhatOtherThreadsPostOnItsOwnThread) {
  EventLoop loop;
  constexpr int kThreads = 4;
  constexpr int kPosts = 1000;
  const auto own = std::this_thread::get_id();
  int here = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int post = 0; post < kPosts; ++post) {
        loop.post([&] {
          if (std::this_thread::get_id() == own && ++here == kThreads * kPosts) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(here, kThreads * kPosts);
}

TEST(EventLoop, DropsWhatIsStillWaitingWhenDestroyed) {
  const auto captured = std::make_shared<int>();
  bool called = false;
  {
    EventLoop loop;
    loop.post([captured, &called] { called = true; });
    EXPECT_EQ(captured.use_count(), 2);
  }
  EXPECT_FALSE(called);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(EventLoop, DropsAWaitingFunctionThatOwnsAWatchAndATimer) {
  const SocketPair pair;
  pair.make_readable();
  auto loop = std::make_unique<EventLoop>();
  auto watch = std::make_shared<FdWatch>(loop->watch(pair.near.get(), Interest::kRead, [] {}));
  auto timer = std::make_shared<Timer>(loop->timer([] {}));
  timer->expires_after(hours(1));
  loop->post([watch = std::move(watch), timer = std::move(timer)] {});
  loop.reset();
  EXPECT_NE(fcntl(pair.near.get(), F_GETFD), -1);
}

TEST(EventLoop, ReportsSignals) {
  EventLoop loop;
  std::vector<int> signals;
  loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
    signals.push_back(signal);
    if (signals.size() == 1) raise(SIGUSR2);
    if (signals.size() == 2) loop.stop();
  });
  raise(SIGUSR1);
  loop.run();
  EXPECT_THAT(signals, ElementsAre(SIGUSR1, SIGUSR2));
}

void create_loop_without_descriptors() {
  const rlimit none = {.rlim_cur = 3, .rlim_max = 3};
  setrlimit(RLIMIT_NOFILE, &none);
  const EventLoop loop;
}

TEST(EventLoopDeathTest, EndsTheProcessWithASentenceWithoutDescriptors) {
  EXPECT_EXIT(create_loop_without_descriptors(), testing::ExitedWithCode(1),
              "cannot set up an event loop.*Too many open files");
}

TEST(FdWatch, CallsBackAgainWhileDataIsLeft) {
  EventLoop loop;
  const SocketPair pair;
  pair.make_readable();
  int calls = 0;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [&] {
    if (++calls == 3) loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 3);
}

TEST(FdWatch, IsSilentWithoutData) {
  EventLoop loop;
  const SocketPair pair;
  int calls = 0;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [&] { ++calls; });
  stop_after_rounds(loop);
  loop.run();
  EXPECT_EQ(calls, 0);
}

TEST(FdWatch, IsSilentOnceTheDataIsRead) {
  EventLoop loop;
  const SocketPair pair;
  pair.make_readable();
  int calls = 0;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [&] {
    ++calls;
    pair.drain();
    stop_after_rounds(loop);
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(FdWatch, SeesDataThatComesLater) {
  EventLoop loop;
  const SocketPair pair;
  int calls = 0;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [&] {
    pair.drain();
    if (++calls == 2) return loop.stop();
    loop.post([&] { pair.make_readable(); });
  });
  loop.post([&] { pair.make_readable(); });
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(FdWatch, ReportsWritability) {
  EventLoop loop;
  const SocketPair pair;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kWrite, [&] { loop.stop(); });
  loop.run();
}

TEST(FdWatch, WaitsUntilThereIsRoomToWrite) {
  EventLoop loop;
  const SocketPair pair;
  pair.make_unwritable();
  int calls = 0;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kWrite, [&] { ++calls; });
  stop_after_rounds(loop);
  loop.run();
  EXPECT_EQ(calls, 0);
}

TEST(FdWatch, ReportsAHangUpToReaders) {
  EventLoop loop;
  SocketPair pair;
  const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [&] { loop.stop(); });
  loop.post([&] { pair.far.reset(); });
  loop.run();
}

// What a prober lives on: the TX timestamp of a packet alone, without a reply, wakes the reader.
TEST(FdWatch, ReportsAnErrorQueueToReaders) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  const int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  ASSERT_EQ(setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags), 0);
  const UniqueFd sink(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(sink.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(getsockname(sink.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);

  EventLoop loop;
  int stamps = 0;
  const auto send_one = [&] {
    EXPECT_EQ(sendto(socket.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&address), length), 1);
  };
  const FdWatch watch = loop.watch(socket.get(), Interest::kRead, [&] {
    std::array<char, 512> control{};
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket.get(), &message, MSG_ERRQUEUE) < 0) return;
    if (++stamps == 2) return loop.stop();
    send_one();
  });
  send_one();
  loop.run();
  EXPECT_EQ(stamps, 2);
}

TEST(FdWatch, MayBeDestroyedByItsOwnCallback) {
  EventLoop loop;
  const SocketPair pair;
  pair.make_readable();
  int calls = 0;
  std::optional<FdWatch> watch;
  const auto token = std::make_shared<int>(7);
  int seen = 0;
  watch = loop.watch(pair.near.get(), Interest::kRead, [&, token] {
    ++calls;
    watch.reset();
    seen = *token;  // what the callback captured lives until it returns
    stop_after_rounds(loop);
  });
  loop.run();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(FdWatch, MayReplaceItselfInItsOwnCallback) {
  EventLoop loop;
  const SocketPair pair;
  pair.make_readable();
  FdWatch watch;
  watch = loop.watch(pair.near.get(), Interest::kRead, [&] {
    watch = FdWatch();
    watch = loop.watch(pair.near.get(), Interest::kWrite, [&] { loop.stop(); });
  });
  loop.run();
}

TEST(FdWatch, FreesItsCallbackWhenDestroyed) {
  EventLoop loop;
  const SocketPair pair;
  const auto captured = std::make_shared<int>();
  std::optional<FdWatch> watch = loop.watch(pair.near.get(), Interest::kRead, [captured] {});
  watch.reset();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(FdWatch, IsNotCalledWhenDestroyedWhileItsCallbackIsDue) {
  EventLoop loop;
  const SocketPair first;
  const SocketPair second;
  first.make_readable();
  second.make_readable();
  int calls = 0;
  FdWatch watches[2];
  const auto end_both = [&] {
    ++calls;
    for (FdWatch& watch : watches) watch = FdWatch();
    stop_after_rounds(loop);
  };
  watches[0] = loop.watch(first.near.get(), Interest::kRead, end_both);
  watches[1] = loop.watch(second.near.get(), Interest::kRead, end_both);
  loop.run();
  EXPECT_EQ(calls, 1);
}

// Two watches are due; the first callback replaces the other watch. What was due for the old one
// must not be taken for readiness of the new one.
void expect_no_inherited_readiness(Interest interest) {
  EventLoop loop;
  const SocketPair first;
  const SocketPair second;
  const SocketPair third;
  first.make_readable();
  second.make_readable();
  if (interest == Interest::kWrite) third.make_unwritable();
  int inherited = 0;
  bool replaced = false;
  FdWatch watches[2];
  FdWatch replacement;
  const auto replace_other = [&] {
    if (replaced) return;
    replaced = true;
    for (FdWatch& watch : watches) watch = FdWatch();
    replacement = loop.watch(third.near.get(), interest, [&] { ++inherited; });
    stop_after_rounds(loop);
  };
  watches[0] = loop.watch(first.near.get(), interest, replace_other);
  watches[1] = loop.watch(second.near.get(), interest, replace_other);
  loop.run();
  EXPECT_TRUE(replaced);
  EXPECT_EQ(inherited, 0);
}

TEST(FdWatch, DoesNotInheritReadabilityFromADestroyedWatch) {
  expect_no_inherited_readiness(Interest::kRead);
}

TEST(FdWatch, DoesNotInheritWritabilityFromADestroyedWatch) {
  expect_no_inherited_readiness(Interest::kWrite);
}

TEST(FdWatch, LeavesTheDescriptorToItsOwner) {
  EventLoop loop;
  const SocketPair pair;
  {
    const FdWatch watch = loop.watch(pair.near.get(), Interest::kRead, [] {});
  }
  EXPECT_NE(fcntl(pair.near.get(), F_GETFD), -1);
}

TEST(FdWatch, CanWatchANewDescriptorWithTheNumberOfAClosedOne) {
  EventLoop loop;
  SocketPair old;
  old.make_readable();
  const SocketPair next;
  int old_calls = 0;
  FdWatch watch;
  watch = loop.watch(old.near.get(), Interest::kRead, [&] {
    ++old_calls;
    watch = FdWatch();
    const int number = old.near.get();
    ASSERT_EQ(dup2(next.near.get(), number), number);  // closes and takes the number at once
    watch = loop.watch(number, Interest::kRead, [&] { loop.stop(); });
    loop.post([&] { next.make_readable(); });
  });
  loop.run();
  EXPECT_EQ(old_calls, 1);
}

TEST(FdWatch, GoesOnAfterAMove) {
  EventLoop loop;
  const SocketPair pair;
  FdWatch watch = loop.watch(pair.near.get(), Interest::kWrite, [&] { loop.stop(); });
  const FdWatch moved(std::move(watch));
  loop.run();
}

TEST(FdWatch, EndsTheWatchThatIsAssignedOver) {
  EventLoop loop;
  const SocketPair first;
  const SocketPair second;
  int first_calls = 0;
  FdWatch watch = loop.watch(first.near.get(), Interest::kWrite, [&] { ++first_calls; });
  watch = loop.watch(second.near.get(), Interest::kWrite, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(first_calls, 0);
}

TEST(Timer, FiresNotBeforeItsTime) {
  EventLoop loop;
  const TimePoint due = Clock::now() + milliseconds(5);
  TimePoint fired;
  Timer timer = loop.timer([&] {
    fired = Clock::now();
    loop.stop();
  });
  timer.expires_at(due);
  loop.run();
  EXPECT_GE(fired, due);
}

TEST(Timer, FiresOnce) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.timer([&] {
    ++calls;
    stop_after_rounds(loop);
  });
  timer.expires_after(milliseconds(1));
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(Timer, FiresForATimeInThePast) {
  EventLoop loop;
  Timer timer = loop.timer([&] { loop.stop(); });
  timer.expires_at(Clock::now() - hours(1));
  loop.run();
}

TEST(Timer, IsSilentUntilSet) {
  EventLoop loop;
  int calls = 0;
  const Timer timer = loop.timer([&] { ++calls; });
  stop_after_rounds(loop);
  loop.run();
  EXPECT_EQ(calls, 0);
}

TEST(Timer, CanBeSetAgainFromItsCallback) {
  EventLoop loop;
  int calls = 0;
  Timer timer;
  timer = loop.timer([&] {
    if (++calls == 3) return loop.stop();
    timer.expires_after(milliseconds(1));
  });
  timer.expires_after(milliseconds(1));
  loop.run();
  EXPECT_EQ(calls, 3);
}

TEST(Timer, ReplacesAnEarlierSetting) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.timer([&] {
    ++calls;
    stop_after_rounds(loop);
  });
  timer.expires_after(hours(1));
  timer.expires_after(milliseconds(1));
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(Timer, IsSilentAfterCancel) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.timer([&] { ++calls; });
  timer.expires_at(Clock::now());
  timer.cancel();
  stop_after_rounds(loop);
  loop.run();
  EXPECT_EQ(calls, 0);
}

// Both timers are due together; whichever is called first deals with the other.
template <typename Deal>
int calls_of_the_other(Deal deal) {
  EventLoop loop;
  int calls = 0;
  std::array<std::optional<Timer>, 2> timers;
  for (std::size_t i = 0; i < timers.size(); ++i) {
    timers[i] = loop.timer([&, i] {
      if (++calls == 1) deal(timers[1 - i]);
    });
    timers[i]->expires_at(Clock::now() - hours(1));
  }
  stop_after_rounds(loop);
  loop.run();
  return calls - 1;
}

TEST(Timer, IsSilentWhenCancelledWhileItsCallbackIsDue) {
  EXPECT_EQ(calls_of_the_other([](auto& timer) { timer->cancel(); }), 0);
}

TEST(Timer, IsSilentWhenDestroyedWhileItsCallbackIsDue) {
  EXPECT_EQ(calls_of_the_other([](auto& timer) { timer.reset(); }), 0);
}

TEST(Timer, WaitsForTheNewTimeWhenSetAgainWhileItsCallbackIsDue) {
  EXPECT_EQ(calls_of_the_other([](auto& timer) { timer->expires_after(hours(1)); }), 0);
}

TEST(Timer, MayBeDestroyedByItsOwnCallback) {
  EventLoop loop;
  std::optional<Timer> timer;
  const auto token = std::make_shared<int>(7);
  int seen = 0;
  timer = loop.timer([&, token] {
    timer.reset();
    seen = *token;
    stop_after_rounds(loop);
  });
  timer->expires_after(milliseconds(1));
  loop.run();
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Timer, FreesItsCallbackWhenDestroyed) {
  EventLoop loop;
  const auto captured = std::make_shared<int>();
  std::optional<Timer> timer = loop.timer([captured] {});
  timer->expires_after(hours(1));
  timer.reset();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(Timer, GoesOnAfterAMove) {
  EventLoop loop;
  Timer timer = loop.timer([&] { loop.stop(); });
  timer.expires_after(milliseconds(1));
  const Timer moved(std::move(timer));
  loop.run();
}

TEST(Timer, EndsTheTimerThatIsAssignedOver) {
  EventLoop loop;
  int first_calls = 0;
  Timer timer = loop.timer([&] { ++first_calls; });
  timer.expires_at(Clock::now());
  timer = loop.timer([&] { loop.stop(); });
  timer.expires_after(milliseconds(1));
  loop.run();
  EXPECT_EQ(first_calls, 0);
}

TEST(Timer, FiresInTheOrderOfTime) {
  EventLoop loop;
  std::vector<int> order;
  const TimePoint now = Clock::now();
  Timer late = loop.timer([&] {
    order.push_back(2);
    loop.stop();
  });
  Timer early = loop.timer([&] { order.push_back(1); });
  late.expires_at(now + milliseconds(2));
  early.expires_at(now + milliseconds(1));
  loop.run();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

}  // namespace
}  // namespace rtt::base
