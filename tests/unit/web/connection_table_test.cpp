#include "web/connection_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::web {
namespace {

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
  ConnectionTable table({.connections = 2, .response_bytes = 100});
  Link a, b, c;
  (void)table.opened(a.server.get());
  (void)table.opened(b.server.get());
  EXPECT_FALSE(a.ended());
  (void)table.opened(c.server.get());
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(b.ended());
  EXPECT_FALSE(c.ended());
}

TEST(ConnectionTable, KeepsAConnectionThatWasUsedSince) {
  ConnectionTable table({.connections = 2, .response_bytes = 100});
  Link a, b, c;
  const auto handle = table.opened(a.server.get());
  (void)table.opened(b.server.get());
  table.working(handle);
  table.waiting(handle);
  (void)table.opened(c.server.get());
  EXPECT_FALSE(a.ended());
  EXPECT_TRUE(b.ended());
}

TEST(ConnectionTable, LeavesAloneWhatIsBeingWorkedOn) {
  ConnectionTable table({.connections = 1, .response_bytes = 100});
  Link a, b;
  table.working(table.opened(a.server.get()));
  (void)table.opened(b.server.get());
  EXPECT_FALSE(a.ended());
  EXPECT_FALSE(b.ended());
}

TEST(ConnectionTable, EndsTheOldestAnswerWhenAnswersTakeTooMuchMemory) {
  ConnectionTable table({.connections = 10, .response_bytes = 100});
  Link a, b, c;
  table.sending(table.opened(a.server.get()), 60);
  (void)table.opened(b.server.get());
  table.sending(table.opened(c.server.get()), 60);
  EXPECT_TRUE(a.ended());
  EXPECT_FALSE(b.ended());
  EXPECT_FALSE(c.ended());
}

TEST(ConnectionTable, AllowsTheNewestAnswerWhateverItsSize) {
  ConnectionTable table({.connections = 10, .response_bytes = 100});
  Link a;
  table.sending(table.opened(a.server.get()), 1000);
  EXPECT_FALSE(a.ended());
}

TEST(ConnectionTable, ForgetsTheAnswerThatIsOut) {
  ConnectionTable table({.connections = 10, .response_bytes = 100});
  Link a, b;
  const auto handle = table.opened(a.server.get());
  table.sending(handle, 60);
  table.waiting(handle);
  table.sending(table.opened(b.server.get()), 60);
  EXPECT_FALSE(a.ended());
}

TEST(ConnectionTable, ForgetsTheAnswerOfAClosedConnection) {
  ConnectionTable table({.connections = 10, .response_bytes = 100});
  Link a, b, c;
  const auto handle = table.opened(a.server.get());
  table.sending(handle, 60);
  table.closed(handle);
  table.sending(table.opened(b.server.get()), 60);
  EXPECT_FALSE(b.ended());
}

TEST(ConnectionTable, MakesRoomOncePerNewConnection) {
  ConnectionTable table({.connections = 2, .response_bytes = 100});
  std::vector<Link> links(5);
  for (const Link& link : links) (void)table.opened(link.server.get());
  int ended = 0;
  for (const Link& link : links) ended += link.ended() ? 1 : 0;
  EXPECT_EQ(ended, 3);
}

TEST(ConnectionTable, CountsNoConnectionTwiceThatItEndedItself) {
  ConnectionTable table({.connections = 1, .response_bytes = 100});
  Link a, b, c;
  const auto first = table.opened(a.server.get());
  const auto second = table.opened(b.server.get());
  table.closed(first);
  table.closed(second);
  (void)table.opened(c.server.get());
  EXPECT_FALSE(c.ended());
  Link d;
  (void)table.opened(d.server.get());
  EXPECT_TRUE(c.ended());
}

}  // namespace
}  // namespace rtt::web
