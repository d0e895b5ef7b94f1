#include "web/connection_table.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::web {
namespace {

using std::chrono::seconds;

const base::IpAddress kClient = *base::IpAddress::parse("192.0.2.1");

constexpr ConnectionTable::Limits limits(std::size_t connections) {
  return {.connections = connections,
          .response_bytes = 100,
          .request_time = seconds(10),
          .answer_time = seconds(60)};
}

// A connection as the table sees it, and the client's end of it.
struct Link {
  base::UniqueFd server;
  base::UniqueFd client;

  Link() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    server.reset(fds[0]);
    client.reset(fds[1]);
  }
  bool ended() const {
    char byte;
    return recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
};

TEST(ConnectionTable, EndsTheLongestWaitingConnectionPastTheLimit) {
  ConnectionTable table(limits(2));
  Link a, b, c;
  (void)table.opened(a.server.get(), kClient);
  (void)table.opened(b.server.get(), kClient);
  EXPECT_FALSE(a.ended());
  (void)table.opened(c.server.get(), kClient);
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(b.ended());
  EXPECT_FALSE(c.ended());
}

TEST(ConnectionTable, KeepsAConnectionThatWasUsedSince) {
  ConnectionTable table(limits(2));
  Link a, b, c;
  const auto handle = table.opened(a.server.get(), kClient);
  (void)table.opened(b.server.get(), kClient);
  table.working(handle);
  table.waiting(handle);
  (void)table.opened(c.server.get(), kClient);
  EXPECT_FALSE(a.ended());
  EXPECT_TRUE(b.ended());
}

TEST(ConnectionTable, LeavesAloneWhatIsBeingWorkedOn) {
  ConnectionTable table(limits(1));
  Link a, b;
  table.working(table.opened(a.server.get(), kClient));
  (void)table.opened(b.server.get(), kClient);
  EXPECT_FALSE(a.ended());
  EXPECT_FALSE(b.ended());
}

TEST(ConnectionTable, EndsTheOldestAnswerWhenAnswersTakeTooMuchMemory) {
  ConnectionTable table(limits(10));
  Link a, b, c;
  table.sending(table.opened(a.server.get(), kClient), 60);
  (void)table.opened(b.server.get(), kClient);
  table.sending(table.opened(c.server.get(), kClient), 60);
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(b.ended());
  EXPECT_FALSE(c.ended());
}

TEST(ConnectionTable, AllowsTheNewestAnswerWhateverItsSize) {
  ConnectionTable table(limits(10));
  Link a;
  table.sending(table.opened(a.server.get(), kClient), 1000);
  EXPECT_FALSE(a.ended());
}

TEST(ConnectionTable, ForgetsTheAnswerThatIsOut) {
  ConnectionTable table(limits(10));
  Link a, b;
  const auto handle = table.opened(a.server.get(), kClient);
  table.sending(handle, 60);
  table.waiting(handle);
  table.sending(table.opened(b.server.get(), kClient), 60);
  EXPECT_FALSE(a.ended());
}

TEST(ConnectionTable, ForgetsTheAnswerOfAClosedConnection) {
  ConnectionTable table(limits(10));
  Link a, b, c;
  const auto handle = table.opened(a.server.get(), kClient);
  table.sending(handle, 60);
  table.closed(handle);
  table.sending(table.opened(b.server.get(), kClient), 60);
  EXPECT_FALSE(b.ended());
}

TEST(ConnectionTable, MakesRoomOncePerNewConnection) {
  ConnectionTable table(limits(2));
  std::vector<Link> links(5);
  for (const Link& link : links) (void)table.opened(link.server.get(), kClient);
  int ended = 0;
  for (const Link& link : links) ended += link.ended() ? 1 : 0;
  EXPECT_EQ(ended, 3);
}

TEST(ConnectionTable, CountsNoConnectionTwiceThatItEndedItself) {
  ConnectionTable table(limits(1));
  Link a, b, c;
  const auto first = table.opened(a.server.get(), kClient);
  const auto second = table.opened(b.server.get(), kClient);
  table.closed(first);
  table.closed(second);
  (void)table.opened(c.server.get(), kClient);
  EXPECT_FALSE(c.ended());
  Link d;
  (void)table.opened(d.server.get(), kClient);
  EXPECT_TRUE(c.ended());
}

base::IpAddress client(const std::string& text) { return *base::IpAddress::parse(text); }

TEST(ConnectionTable, EndsAConnectionOfTheClientThatHasTheMost) {
  ConnectionTable table(limits(3));
  Link lonely, a, b, c;
  (void)table.opened(lonely.server.get(), client("192.0.2.2"));
  for (const Link* link : {&a, &b, &c}) (void)table.opened(link->server.get(), kClient);
  EXPECT_FALSE(lonely.ended());
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(b.ended());
}

TEST(ConnectionTable, TakesTheAddressesOfOneIpv6NetworkForOneClient) {
  ConnectionTable table(limits(2));
  Link lonely, a, b;
  (void)table.opened(lonely.server.get(), client("2001:db8:0:1::1"));
  (void)table.opened(a.server.get(), client("2001:db8:0:2::1"));
  Link c;
  (void)table.opened(b.server.get(), client("2001:db8:0:2::2"));
  (void)table.opened(c.server.get(), client("2001:db8:0:2::3"));
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(c.ended());
}

// Over TCP, where the table sees whether a request has begun.
struct TcpLink {
  base::UniqueFd server;
  base::UniqueFd client;

  TcpLink() {
    const base::UniqueFd listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    base::SocketAddress name(*base::IpAddress::parse("127.0.0.1"), 0);
    EXPECT_EQ(bind(listening.get(), name.get(), name.length), 0);
    EXPECT_EQ(listen(listening.get(), 1), 0);
    EXPECT_EQ(
        getsockname(listening.get(), reinterpret_cast<sockaddr*>(&name.storage), &name.length), 0);
    client.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client.get(), name.get(), name.length), 0);
    server.reset(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  void send_byte() const {
    EXPECT_EQ(send(client.get(), "G", 1, 0), 1);
    char byte;
    EXPECT_EQ(recv(server.get(), &byte, 1, 0), 1);
  }
  bool ended() const {
    pollfd ready{client.get(), POLLRDHUP, 0};
    return poll(&ready, 1, 0) == 1;
  }
};

TEST(ConnectionTable, EndsAConnectionWithoutAFirstRequest) {
  ConnectionTable table(limits(9));
  TcpLink link;
  (void)table.opened(link.server.get(), kClient);
  const auto now = base::Clock::now();
  table.end_overdue(now + seconds(9));
  EXPECT_FALSE(link.ended());
  table.end_overdue(now + seconds(11));
  EXPECT_TRUE(link.ended());
}

TEST(ConnectionTable, EndsAConnectionWhoseNextRequestTakesTooLong) {
  ConnectionTable table(limits(9));
  TcpLink link;
  table.waiting(table.opened(link.server.get(), kClient));
  const auto now = base::Clock::now();
  for (int second = 1; second <= 9; ++second) {
    link.send_byte();
    table.end_overdue(now + seconds(second));
    EXPECT_FALSE(link.ended()) << second;
  }
  link.send_byte();
  table.end_overdue(now + seconds(12));
  EXPECT_TRUE(link.ended());
}

TEST(ConnectionTable, LetsAConnectionIdleBetweenRequests) {
  ConnectionTable table(limits(9));
  TcpLink link;
  table.waiting(table.opened(link.server.get(), kClient));
  table.end_overdue(base::Clock::now() + seconds(80));
  EXPECT_FALSE(link.ended());
}

TEST(ConnectionTable, EndsAConnectionThatDoesNotTakeItsAnswer) {
  ConnectionTable table(limits(9));
  TcpLink link;
  table.sending(table.opened(link.server.get(), kClient), 5);
  const auto now = base::Clock::now();
  table.end_overdue(now + seconds(59));
  EXPECT_FALSE(link.ended());
  table.end_overdue(now + seconds(61));
  EXPECT_TRUE(link.ended());
}

TEST(ConnectionTable, WaitsForWhatIsBeingWorkedOn) {
  ConnectionTable table(limits(9));
  TcpLink link;
  table.working(table.opened(link.server.get(), kClient));
  table.end_overdue(base::Clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(link.ended());
}

}  // namespace
}  // namespace rtt::web
