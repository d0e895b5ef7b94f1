#include "passive/tcp_info_source.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "unit/passive/loopback_connection.h"
#include "unit/passive/tcp_info_harness.h"

namespace rtt::passive {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

// The client's sockets belong to the peer `servers`, the accepted ones to the peer `clients`.
class TcpInfoSourceTest : public testing::Test {
 protected:
  const base::IpAddress server_address_ = own_address(20);
  const base::IpAddress client_address_ = own_address(120);
  Listener listener_{server_address_};
  TcpInfoHarness harness_;
  targets::Slot servers_ = harness_.add_peer(server_address_);
  targets::Slot clients_ = harness_.add_peer(client_address_);

  Connection connect() { return connect_to(listener_, &client_address_); }
  std::uint64_t connections(targets::Slot slot) { return harness_.connections(slot).connections; }
  std::uint64_t sent(targets::Slot slot) { return harness_.connections(slot).segments_sent; }
  // By the kernel's own count: on a busy machine a round may take more than one segment.
  static std::uint64_t really_sent(const base::UniqueFd& socket) {
    return tcp_info_of(socket).tcpi_data_segs_out;
  }
  // Waited for: the last delayed ACK may still change it.
  bool shows_srtt_of(const base::UniqueFd& socket, targets::Slot slot) {
    return harness_.rtt(slot).snapshot().last == microseconds(tcp_info_of(socket).tcpi_rtt);
  }
  void poll_once_and_no_more() {
    harness_.configure(hours(1));
    ASSERT_TRUE(harness_.wait_until([&] { return harness_.polls() == 1; }));
  }
  // More sockets closed on this host than are listened to, those of other tests for example.
  double pauses() { return harness_.metric("rtt_exporter_tcp_info_closed_pauses_total"); }
  // Until no pause is under way.
  bool wait_for_a_closed_socket() {
    const auto closed = [this] {
      return harness_.metric("rtt_exporter_tcp_info_closed_sockets_total");
    };
    const double before = closed();
    return harness_.wait_until([&] {
      (void)connect();
      return closed() > before;
    });
  }
};

TEST_F(TcpInfoSourceTest, AnEstablishedConnectionShowsItsSmoothedRtt) {
  const Connection connection = connect();
  connection.exchange(5);
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return shows_srtt_of(connection.client, servers_); }));
}

TEST_F(TcpInfoSourceTest, AnEstablishedConnectionShowsItsLowestRtt) {
  const Connection connection = connect();
  connection.exchange(5);
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  const auto min_rtt = harness_.connections(servers_).min_rtt;
  ASSERT_GT(min_rtt.count(), 0U);
  EXPECT_NEAR(min_rtt.sum_seconds() / static_cast<double>(min_rtt.count()),
              tcp_info_of(connection.client).tcpi_min_rtt * 1e-6, 1e-9);
}

TEST_F(TcpInfoSourceTest, QueueingIsTheSmoothedRttOverTheLowest) {
  const Connection connection = connect();
  connection.exchange(5);
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  const auto queueing = harness_.connections(servers_).queueing;
  const tcp_info info = tcp_info_of(connection.client);
  const auto expected_us = std::max(info.tcpi_rtt, info.tcpi_min_rtt) - info.tcpi_min_rtt;
  ASSERT_GT(queueing.count(), 0U);
  EXPECT_NEAR(queueing.sum_seconds() / static_cast<double>(queueing.count()), expected_us * 1e-6,
              1e-9);
}

TEST_F(TcpInfoSourceTest, AConnectionIsObservedOncePerPollThoughNothingMoves) {
  const Connection connection = connect();
  connection.exchange(1);
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls(5));
  harness_.on_loop([this] {
    const auto observed = static_cast<double>(harness_.rtt(servers_).snapshot().histogram.count());
    const double running_poll = observed - harness_.polls();
    EXPECT_GE(running_poll, 0);
    EXPECT_LE(running_poll, 1);
  });
}

TEST_F(TcpInfoSourceTest, ConnectionsAreCountedPerPeer) {
  std::vector<Connection> connections_held;
  for (int i = 0; i < 3; ++i) connections_held.push_back(connect());
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return connections(servers_) == 3; }));
  EXPECT_EQ(connections(clients_), 3U);
}

TEST_F(TcpInfoSourceTest, TheCountFallsToZeroWhenConnectionsClose) {
  auto connection = std::make_optional(connect());
  harness_.configure();
  ASSERT_TRUE(harness_.wait_until([&] { return connections(servers_) == 1; }));
  connection.reset();
  EXPECT_TRUE(harness_.wait_until([&] { return connections(servers_) == 0; }));
}

TEST_F(TcpInfoSourceTest, AHalfClosedConnectionIsNotCountedAsEstablished) {
  const Connection connection = connect();
  harness_.configure();
  ASSERT_TRUE(harness_.wait_until([&] { return connections(clients_) == 1; }));
  ::shutdown(connection.client.get(), SHUT_WR);
  EXPECT_TRUE(harness_.wait_until([&] { return connections(clients_) == 0; }));
}

TEST_F(TcpInfoSourceTest, TheSegmentsOfAHalfClosedConnectionAreCounted) {
  const Connection connection = connect();
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  ::shutdown(connection.client.get(), SHUT_WR);
  for (int i = 0; i < 4; ++i) Connection::pass(connection.server, connection.client);
  EXPECT_TRUE(
      harness_.wait_until([&] { return sent(clients_) == really_sent(connection.server); }));
}

TEST_F(TcpInfoSourceTest, SegmentsBeforeTheFirstPollAreNotCounted) {
  const Connection connection = connect();
  connection.exchange(100);
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls(3));
  EXPECT_EQ(sent(servers_), 0U);
}

TEST_F(TcpInfoSourceTest, SegmentsSinceTheFirstPollAreCounted) {
  const Connection connection = connect();
  connection.exchange(100);
  harness_.configure();
  const std::uint64_t history = really_sent(connection.client);
  ASSERT_TRUE(harness_.wait_for_polls());
  connection.exchange(7);
  EXPECT_TRUE(harness_.wait_until(
      [&] { return sent(servers_) == really_sent(connection.client) - history; }));
  EXPECT_GE(sent(servers_), 7U);
}

TEST_F(TcpInfoSourceTest, AConnectionMadeAfterTheFirstPollCountsFromItsStart) {
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  const Connection connection = connect();
  connection.exchange(9);
  EXPECT_TRUE(
      harness_.wait_until([&] { return sent(servers_) == really_sent(connection.client); }));
}

TEST_F(TcpInfoSourceTest, AConnectionThatNoPollSawCountsWhenItIsClosed) {
  poll_once_and_no_more();
  EXPECT_TRUE(harness_.wait_until([&] {
    connect().exchange(11);
    return sent(servers_) >= 11 && sent(clients_) >= 11;
  }));
}

TEST_F(TcpInfoSourceTest, WhatAConnectionSentBeforeAndAfterItsLastPollIsCountedOnce) {
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  bool undisturbed = false;
  for (int attempt = 0; attempt < 10 && !undisturbed; ++attempt) {
    const double pauses_before = pauses();
    ASSERT_TRUE(wait_for_a_closed_socket());
    const std::uint64_t sent_before = sent(servers_);
    std::uint64_t expected = 0;
    for (int i = 0; i < 20; ++i) {
      const Connection connection = connect();
      connection.exchange(3);
      if (i % 4 == 0) {
        ASSERT_TRUE(harness_.wait_for_polls(0));
      }
      connection.exchange(2);
      expected += really_sent(connection.client);
    }
    // The kernel tells of closed sockets when its worker comes to it.
    (void)harness_.wait_until(
        [&] { return sent(servers_) - sent_before >= expected || pauses() != pauses_before; });
    ASSERT_TRUE(harness_.wait_for_polls(10));
    undisturbed = pauses() == pauses_before;
    if (undisturbed) {
      EXPECT_EQ(sent(servers_) - sent_before, expected);
    }
  }
  EXPECT_TRUE(undisturbed);
}

// The polls are as far apart as this machine may stall: what tells such a socket is that it was silent for some.
TEST_F(TcpInfoSourceTest, AResetSocketThatItsProgramClosesMuchLaterIsCountedOnce) {
  harness_.configure(std::chrono::milliseconds(200));
  ASSERT_TRUE(harness_.wait_for_polls());
  Connection connection = connect();
  connection.exchange(6);
  const std::uint64_t whole = really_sent(connection.client);
  ASSERT_TRUE(harness_.wait_until([&] { return sent(servers_) == whole; }));
  close_with_reset(connection.server);
  ASSERT_TRUE(harness_.wait_for_polls(6));
  connection.client.reset();
  ASSERT_TRUE(harness_.wait_for_polls(4));
  EXPECT_EQ(sent(servers_), whole);
}

TEST_F(TcpInfoSourceTest, AReloadDoesNotMakeTheCountersJump) {
  const Connection connection = connect();
  connection.exchange(100);
  const std::uint64_t history = really_sent(connection.client);
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  for (int i = 0; i < 5; ++i) {
    connection.exchange(1);
    harness_.configure();
  }
  const std::uint64_t growth = really_sent(connection.client) - history;
  EXPECT_TRUE(harness_.wait_until([&] { return sent(servers_) == growth; }));
  ASSERT_TRUE(harness_.wait_for_polls(3));
  EXPECT_EQ(sent(servers_), growth);
}

TEST_F(TcpInfoSourceTest, AfterAReloadGrowthGoesToTheNewPeer) {
  const Connection connection = connect();
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  connection.exchange(5);
  const std::uint64_t before = really_sent(connection.client);
  ASSERT_TRUE(harness_.wait_until([&] { return sent(servers_) == before; }));
  harness_.forget_peers();
  const targets::Slot only = harness_.add_peer(server_address_);
  harness_.configure();
  connection.exchange(3);
  EXPECT_TRUE(
      harness_.wait_until([&] { return sent(only) == really_sent(connection.client) - before; }));
}

TEST_F(TcpInfoSourceTest, AfterAReloadTheNewPeersConnectionsAreCounted) {
  const Connection connection = connect();
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  harness_.forget_peers();
  const targets::Slot only = harness_.add_peer(server_address_);
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return connections(only) == 1; }));
}

TEST_F(TcpInfoSourceTest, AReloadCanMakePollsMoreFrequent) {
  harness_.configure(hours(1));
  harness_.configure();
  EXPECT_TRUE(harness_.wait_for_polls(3));
}

TEST_F(TcpInfoSourceTest, TheFirstPollDoesNotWaitForALongInterval) {
  harness_.configure(hours(1));
  EXPECT_TRUE(harness_.wait_until([&] { return harness_.polls() == 1; }));
}

TEST_F(TcpInfoSourceTest, AnIpv6ConnectionIsSeenThroughItsLocalPort) {
  Listener listener(*base::IpAddress::parse("::1"));
  const targets::Slot port = harness_.add_peer(":" + std::to_string(listener.port()));
  const Connection connection = connect_to(listener);
  connection.exchange(2);
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return shows_srtt_of(connection.server, port); }));
}

TEST_F(TcpInfoSourceTest, AV4MappedConnectionBelongsToTheIpv4Peer) {
  const Connection plain = connect();
  Connection mapped{tcp_socket(AF_INET6), {}};
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(listener_.port());
  address.sin6_addr = server_address_.to_in6_addr();
  checked(
      ::connect(mapped.client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
      "connect");
  mapped.server = listener_.accept();
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return connections(servers_) == 2; }));
}

TEST_F(TcpInfoSourceTest, TwoThousandConnectionsAreAllInOnePoll) {
  constexpr int kMany = 2000;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * kMany + 100) GTEST_SKIP() << "too few descriptors allowed";
  std::vector<Connection> held;
  for (int i = 0; i < kMany; ++i) held.push_back(connect());
  harness_.configure();
  EXPECT_TRUE(harness_.wait_until([&] { return connections(servers_) == kMany; }));
  EXPECT_TRUE(harness_.wait_until(
      [&] { return harness_.metric("rtt_exporter_tcp_info_sockets") >= 2 * kMany; }));
}

TEST_F(TcpInfoSourceTest, APollThatHasNotEndedWhenTheNextIsDueIsSkippedAndCounted) {
  std::vector<Connection> held;
  for (int i = 0; i < 400; ++i) held.push_back(connect());
  harness_.configure(microseconds(10));
  EXPECT_TRUE(
      harness_.wait_until([&] { return harness_.errors("overrun") > 0 && harness_.polls() > 3; }));
  EXPECT_EQ(connections(servers_), 400U);
}

TEST_F(TcpInfoSourceTest, EveryErrorIsThereAtZeroBeforeThePollsBegin) {
  harness_.configure(hours(1));
  for (const char* reason : {"overrun", "stalled", "overflow", "interrupted", "truncated",
                             "malformed", "foreign", "kernel_error", "socket_error"}) {
    EXPECT_EQ(harness_.find_metric("rtt_exporter_tcp_info_poll_errors_total{reason=\"" +
                                   std::string(reason) + "\"}"),
              0.0)
        << reason;
  }
}

TEST_F(TcpInfoSourceTest, APollShowsHowLongItTook) {
  harness_.configure();
  ASSERT_TRUE(harness_.wait_for_polls());
  EXPECT_GT(harness_.metric("rtt_exporter_tcp_info_poll_duration_seconds"), 0);
}

// In a child, because privileges that are given up are gone for good.
TEST(TcpInfoSourceUnprivileged, WorksWithoutPrivilege) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::getuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    const Listener listener(own_address(20));
    TcpInfoHarness harness;
    const targets::Slot slot = harness.add_peer(own_address(20));
    const Connection before = connect_to(listener);
    harness.configure();
    bool good = harness.wait_until([&] { return harness.connections(slot).connections == 1; });
    good &= harness.wait_until([&] {
      connect_to(listener).exchange(3);
      return harness.connections(slot).segments_sent >= 3;
    });
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace rtt::passive
