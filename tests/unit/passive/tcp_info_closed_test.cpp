#include "passive/tcp_info_closed.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/passive/loopback_connection.h"

namespace rtt::passive {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ClosedSocketsTest : public testing::Test {
 protected:
  void listen(ClosedSockets::Limits limits) {
    auto created = ClosedSockets::create(loop_,
                                         {[this](const TcpSocketInfo& socket) {
                                            if (socket.remote == address_) told_.push_back(socket);
                                          },
                                          [this] { ++pauses_; }, [](TcpInfoProblem, unsigned) {}},
                                         limits);
    ASSERT_TRUE(created) << created.error().message;
    closed_ = std::move(*created);
  }
  // Calls `act` every 5 ms until the condition holds.
  bool act_until(const std::function<void()>& act, const std::function<bool()>& condition) {
    const auto deadline = base::Clock::now() + seconds(60);
    base::Timer timer = loop_.timer([&] {
      if (condition() || base::Clock::now() >= deadline) return loop_.stop();
      act();
      timer.expires_after(milliseconds(5));
    });
    timer.expires_after(milliseconds(0));
    loop_.run();
    return condition();
  }
  void open_and_close() { connect_to(listener_).exchange(3); }

  const base::IpAddress address_ = own_address(20);
  Listener listener_{address_};
  base::EventLoop loop_;
  std::vector<TcpSocketInfo> told_;
  int pauses_ = 0;
  std::unique_ptr<ClosedSockets> closed_;
};

TEST_F(ClosedSocketsTest, TellsTheLastTcpInfoOfAClosedSocket) {
  listen({});
  ASSERT_TRUE(act_until([this] { open_and_close(); }, [this] { return !told_.empty(); }));
  EXPECT_EQ(told_[0].data_segments_sent, 3U);
}

TEST_F(ClosedSocketsTest, TellsTheLocalPortOfAClosedSocket) {
  listen({});
  std::set<std::uint16_t> ports;
  const auto act = [&] {
    const Connection connection = connect_to(listener_);
    base::SocketAddress local;
    local.length = sizeof(local.storage);
    ::getsockname(connection.client.get(), reinterpret_cast<sockaddr*>(&local.storage),
                  &local.length);
    ports.insert(ntohs(reinterpret_cast<const sockaddr_in*>(&local.storage)->sin_port));
  };
  ASSERT_TRUE(act_until(act, [this] { return !told_.empty(); }));
  EXPECT_TRUE(ports.contains(told_[0].local_port));
}

TEST_F(ClosedSocketsTest, PausesWhenMoreCloseThanTheLimit) {
  listen({10, seconds(3600)});
  EXPECT_TRUE(act_until([this] { open_and_close(); }, [this] { return pauses_ == 1; }));
}

TEST_F(ClosedSocketsTest, InAPauseNothingIsTold) {
  listen({10, seconds(3600)});
  std::optional<std::size_t> told_at_pause;
  int closed_in_pause = 0;
  const auto act = [&] {
    open_and_close();
    if (pauses_ == 0) return;
    if (!told_at_pause) told_at_pause = told_.size();
    ++closed_in_pause;
  };
  ASSERT_TRUE(act_until(act, [&] { return closed_in_pause > 40; }));
  EXPECT_EQ(told_.size(), told_at_pause);
}

TEST_F(ClosedSocketsTest, ListensAgainInTheNextWindow) {
  listen({10, milliseconds(200)});
  EXPECT_TRUE(act_until([this] { open_and_close(); }, [this] { return pauses_ >= 3; }));
}

}  // namespace
}  // namespace rtt::passive
