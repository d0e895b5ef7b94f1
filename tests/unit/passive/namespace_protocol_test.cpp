#include "passive/namespace_protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

namespace rtt::passive {
namespace {

using Status = ReceivedReply::Status;

class NamespaceProtocolTest : public testing::Test {
 protected:
  NamespaceProtocolTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    daemon_.reset(ends[0]);
    opener_.reset(ends[1]);
  }

  // As a broken opener would.
  void send_raw(const void* bytes, std::size_t size, const std::vector<int>& descriptors) const {
    std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
    iovec part{const_cast<void*>(bytes), size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      const std::size_t length = descriptors.size() * sizeof(int);
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(length);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(length);
      std::memcpy(CMSG_DATA(header), descriptors.data(), length);
    }
    ASSERT_EQ(::sendmsg(opener_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(size));
  }
  Status status_of(const NamespaceReply& reply, const std::vector<int>& descriptors) const {
    send_raw(&reply, sizeof reply, descriptors);
    return receive_reply(daemon_.get()).status;
  }
  // The next descriptor's number: rises when one leaks.
  static int next_descriptor() {
    return base::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
  }

  static NamespaceReply reply(NamespaceReply::Kind kind) {
    NamespaceReply reply;
    reply.kind = kind;
    return reply;
  }

  base::UniqueFd daemon_;
  base::UniqueFd opener_;
};

TEST_F(NamespaceProtocolTest, ARequestArrivesAsItWasSent) {
  ASSERT_TRUE(send_request(daemon_.get(), {NamespaceRequest::Kind::kOpen, 7, 3}));
  const auto received = receive_request(opener_.get());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->kind, NamespaceRequest::Kind::kOpen);
  EXPECT_EQ(received->sequence, 7U);
  EXPECT_EQ(received->index, 3U);
}

TEST_F(NamespaceProtocolTest, AReplyBringsItsSocket) {
  NamespaceReply opened = reply(NamespaceReply::Kind::kOpened);
  opened.inode = 4026531840;
  opened.connections = 5;
  ASSERT_TRUE(send_reply(opener_.get(), opened, opener_.get()));
  const ReceivedReply received = receive_reply(daemon_.get());
  ASSERT_EQ(received.status, Status::kReply);
  EXPECT_EQ(received.reply.inode, opened.inode);
  EXPECT_EQ(received.reply.connections, 5U);
  EXPECT_EQ(::fcntl(received.socket.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(NamespaceProtocolTest, AReplyWithoutASocketHasNone) {
  ASSERT_TRUE(send_reply(opener_.get(), reply(NamespaceReply::Kind::kFailed), -1));
  const ReceivedReply received = receive_reply(daemon_.get());
  EXPECT_EQ(received.status, Status::kReply);
  EXPECT_FALSE(received.socket);
}

TEST_F(NamespaceProtocolTest, NoReplyYetIsNothing) {
  EXPECT_EQ(receive_reply(daemon_.get()).status, Status::kNothing);
}

TEST_F(NamespaceProtocolTest, AnOpenerThatEndedIsGone) {
  opener_.reset();
  EXPECT_EQ(receive_reply(daemon_.get()).status, Status::kGone);
  EXPECT_FALSE(send_request(daemon_.get(), {}));
}

TEST_F(NamespaceProtocolTest, ADaemonThatEndedEndsTheRequests) {
  daemon_.reset();
  EXPECT_FALSE(receive_request(opener_.get()));
  EXPECT_FALSE(send_reply(opener_.get(), {}, -1));
}

TEST_F(NamespaceProtocolTest, ARequestOfAnotherSizeIsRefused) {
  const std::array<char, 64> bytes{};
  for (const std::size_t size : {std::size_t{1}, sizeof(NamespaceRequest) + 1, bytes.size()}) {
    ASSERT_EQ(::send(daemon_.get(), bytes.data(), size, 0), static_cast<ssize_t>(size));
    EXPECT_FALSE(receive_request(opener_.get())) << size;
  }
}

TEST_F(NamespaceProtocolTest, ARequestOfAnUnknownKindIsRefused) {
  ASSERT_TRUE(send_request(daemon_.get(), {static_cast<NamespaceRequest::Kind>(9), 1, 0}));
  EXPECT_FALSE(receive_request(opener_.get()));
}

TEST_F(NamespaceProtocolTest, DescriptorsInARequestDoNotLeak) {
  const NamespaceRequest request;
  const int before = next_descriptor();
  std::swap(daemon_, opener_);
  send_raw(&request, sizeof request, {STDERR_FILENO});
  std::swap(daemon_, opener_);
  (void)receive_request(opener_.get());
  EXPECT_EQ(next_descriptor(), before);
}

TEST_F(NamespaceProtocolTest, AReplyOfAnotherSizeIsMalformed) {
  const std::array<char, 128> bytes{1};
  for (const std::size_t size : {std::size_t{1}, sizeof(NamespaceReply) - 1, bytes.size()}) {
    send_raw(bytes.data(), size, {});
    EXPECT_EQ(receive_reply(daemon_.get()).status, Status::kMalformed) << size;
  }
}

TEST_F(NamespaceProtocolTest, AReplyOfAnUnknownKindIsMalformed) {
  EXPECT_EQ(status_of(reply(static_cast<NamespaceReply::Kind>(9)), {}), Status::kMalformed);
}

TEST_F(NamespaceProtocolTest, AListPastTheLimitIsMalformed) {
  NamespaceReply listed = reply(NamespaceReply::Kind::kListed);
  listed.listed = kMostNamespaces + 1;
  EXPECT_EQ(status_of(listed, {}), Status::kMalformed);
}

TEST_F(NamespaceProtocolTest, AnOpenedNamespaceWithoutASocketIsMalformed) {
  EXPECT_EQ(status_of(reply(NamespaceReply::Kind::kOpened), {}), Status::kMalformed);
}

TEST_F(NamespaceProtocolTest, DescriptorsThatDoNotBelongThereAreMalformedAndDoNotLeak) {
  const int before = next_descriptor();
  EXPECT_EQ(status_of(reply(NamespaceReply::Kind::kListed), {2}), Status::kMalformed);
  EXPECT_EQ(status_of(reply(NamespaceReply::Kind::kOpened), {2, 2}), Status::kMalformed);
  EXPECT_EQ(status_of(reply(NamespaceReply::Kind::kOpened), {2, 2, 2, 2, 2, 2}),
            Status::kMalformed);
  EXPECT_EQ(next_descriptor(), before);
}

TEST_F(NamespaceProtocolTest, WithoutDescriptorsLeftTheReplyStillComes) {
  ASSERT_TRUE(send_reply(opener_.get(), reply(NamespaceReply::Kind::kOpened), opener_.get()));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{static_cast<rlim_t>(next_descriptor()), limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const ReceivedReply received = receive_reply(daemon_.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(received.status, Status::kNoDescriptors);
}

}  // namespace
}  // namespace rtt::passive
