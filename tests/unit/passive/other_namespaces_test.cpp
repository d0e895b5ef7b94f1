// What the poll does when the opener answers, answers nonsense, is silent or goes. The opener's end of the
// channel is the test's.
#include "passive/other_namespaces.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "unit/passive/loopback_connection.h"
#include "unit/passive/tcp_info_harness.h"

namespace rtt::passive {
namespace {

constexpr const char* kUp = "up";
constexpr base::nanoseconds kNever = std::chrono::hours(1);

class OtherNamespacesTest : public testing::Test {
 protected:
  OtherNamespacesTest() {
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    opener_.reset(ends[1]);
    harness_.configure(kNever);
    harness_.on_loop([&] {
      channel_ = std::make_unique<OpenerChannel>(harness_.loop(), base::UniqueFd(ends[0]));
      set_opener(channel_.get());
    });
    poll_once();
  }
  ~OtherNamespacesTest() override {
    harness_.on_loop([this] {
      harness_.source().set_opener(nullptr, nullptr);
      channel_.reset();
    });
  }

  // Soon; a test that is slow to answer is not given up.
  void poll_once() {
    poll_often();
    harness_.configure(kNever);
  }
  void poll_often() { harness_.configure(std::chrono::milliseconds(20)); }

  void set_opener(OpenerChannel* channel) {
    harness_.source().set_opener(channel, [this](std::optional<std::string> reason) {
      state_ = std::move(reason).value_or(kUp);
    });
  }
  std::string state() {
    std::string state;
    harness_.on_loop([&] { state = state_; });
    return state;
  }
  [[nodiscard]] bool wait_for_state(const std::string& part) {
    return TcpInfoHarness::wait_until([&] { return state().find(part) != std::string::npos; });
  }

  // Waits for it.
  NamespaceRequest take_request() {
    pollfd ready{opener_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 60'000), 1);
    return receive_request(opener_.get()).value_or(NamespaceRequest{});
  }
  void answer_list(std::uint32_t namespaces) {
    NamespaceReply reply;
    reply.sequence = take_request().sequence;
    reply.listed = namespaces;
    ASSERT_TRUE(send_reply(opener_.get(), reply, -1));
  }
  // A socket of the test's own namespace.
  void answer_open(std::uint64_t connections) {
    NamespaceReply reply;
    reply.kind = NamespaceReply::Kind::kOpened;
    reply.sequence = take_request().sequence;
    reply.connections = connections;
    const base::UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    ASSERT_TRUE(send_reply(opener_.get(), reply, socket.get()));
  }
  void answer_failure(int error_number) {
    NamespaceReply reply;
    reply.kind = NamespaceReply::Kind::kFailed;
    reply.sequence = take_request().sequence;
    reply.error_number = error_number;
    ASSERT_TRUE(send_reply(opener_.get(), reply, -1));
  }
  double namespaces() { return harness_.metric("rtt_exporter_tcp_info_namespaces"); }
  double errors(const std::string& reason) {
    return harness_.metric("rtt_exporter_tcp_info_namespace_errors_total{reason=\"" + reason +
                           "\"}");
  }

  TcpInfoHarness harness_;
  std::unique_ptr<OpenerChannel> channel_;
  base::UniqueFd opener_;
  std::string state_;
};

TEST_F(OtherNamespacesTest, EachIsPolledOnce) {
  answer_list(2);
  answer_open(1);
  answer_open(1);
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 3; }));
  EXPECT_EQ(state(), kUp);
}

TEST_F(OtherNamespacesTest, OneWithoutConnectionsCountsAsPolled) {
  answer_list(1);
  answer_open(0);
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 2; }));
}

TEST_F(OtherNamespacesTest, OneThatEndedIsCountedAndCostsThePollNothing) {
  answer_list(2);
  answer_failure(ENOENT);
  answer_open(1);
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 2; }));
  EXPECT_EQ(errors("ended"), 1);
}

TEST_F(OtherNamespacesTest, EveryFailureHasItsReason) {
  answer_list(4);
  for (const int number : {EPERM, EMFILE, EINVAL}) answer_failure(number);
  answer_open(1);
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 2; }));
  EXPECT_EQ(errors("denied"), 1);
  EXPECT_EQ(errors("no_descriptors"), 1);
  EXPECT_EQ(errors("failed"), 1);
}

TEST_F(OtherNamespacesTest, WhenNoneMayBeEnteredThatIsSaid) {
  answer_list(2);
  answer_failure(EPERM);
  answer_failure(EPERM);
  EXPECT_TRUE(wait_for_state("none of the 2 other network namespaces may be entered"));
}

TEST_F(OtherNamespacesTest, WhatIsLeftOutIsCounted) {
  NamespaceReply reply;
  reply.sequence = take_request().sequence;
  reply.beyond = 7;
  reply.unreadable = 3;
  reply.has_all = 0;
  ASSERT_TRUE(send_reply(opener_.get(), reply, -1));
  EXPECT_TRUE(harness_.wait_until([&] { return errors("limit") == 7; }));
  EXPECT_TRUE(harness_.wait_until([&] { return errors("unreadable_process") == 3; }));
  EXPECT_TRUE(harness_.wait_until([&] { return errors("process_limit") == 1; }));
}

TEST_F(OtherNamespacesTest, AnOpenerThatEndsIsSaidAndTheOwnNamespaceGoesOn) {
  answer_list(0);
  opener_.reset();
  EXPECT_TRUE(wait_for_state("only a restart"));
  poll_often();
  EXPECT_TRUE(harness_.wait_for_polls(2));
  EXPECT_GE(errors("opener_gone"), 1);
  EXPECT_EQ(namespaces(), 1);
}

TEST_F(OtherNamespacesTest, AnOpenerThatEndsWithinAPollIsSaidAndTheOwnNamespaceGoesOn) {
  answer_list(3);
  (void)take_request();
  opener_.reset();
  EXPECT_TRUE(wait_for_state("only a restart"));
  poll_often();
  EXPECT_TRUE(harness_.wait_for_polls(2));
}

TEST_F(OtherNamespacesTest, AnOpenerThatTalksNonsenseIsLeftAlone) {
  NamespaceReply reply;
  reply.sequence = take_request().sequence + 1;
  ASSERT_TRUE(send_reply(opener_.get(), reply, -1));
  EXPECT_TRUE(wait_for_state("only a restart"));
  poll_often();
  EXPECT_TRUE(harness_.wait_for_polls(2));
}

TEST_F(OtherNamespacesTest, AnAnswerToAnotherQuestionIsNonsense) {
  NamespaceReply reply;
  reply.kind = NamespaceReply::Kind::kFailed;
  reply.sequence = take_request().sequence;
  ASSERT_TRUE(send_reply(opener_.get(), reply, -1));
  EXPECT_TRUE(wait_for_state("only a restart"));
}

TEST_F(OtherNamespacesTest, ASocketOfAnotherKindIsRefused) {
  answer_list(1);
  NamespaceReply reply;
  reply.kind = NamespaceReply::Kind::kOpened;
  reply.sequence = take_request().sequence;
  reply.connections = 1;
  ASSERT_TRUE(send_reply(opener_.get(), reply, opener_.get()));
  EXPECT_TRUE(harness_.wait_until([&] { return errors("failed") == 1; }));
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 1; }));
}

TEST_F(OtherNamespacesTest, ASilentOpenerIsSaidAndTheOwnNamespaceGoesOn) {
  (void)take_request();
  poll_often();
  EXPECT_TRUE(wait_for_state("does not answer"));
  EXPECT_TRUE(harness_.wait_for_polls(2));
  EXPECT_GE(errors("no_answer"), 1);
}

TEST_F(OtherNamespacesTest, AnOpenerThatAnswersAgainIsUsedAgain) {
  NamespaceReply late;
  late.sequence = take_request().sequence;
  poll_often();
  ASSERT_TRUE(wait_for_state("does not answer"));
  harness_.configure(std::chrono::seconds(1));
  ASSERT_TRUE(send_reply(opener_.get(), late, -1));
  answer_list(1);
  answer_open(1);
  EXPECT_TRUE(wait_for_state(kUp));
  EXPECT_TRUE(harness_.wait_until([&] { return namespaces() == 2; }));
}

TEST_F(OtherNamespacesTest, ThePollThatWaitsForTheOpenerEndsWhenOthersAreNoLongerWanted) {
  answer_list(1);
  (void)take_request();
  harness_.on_loop([&] { set_opener(nullptr); });
  poll_often();
  EXPECT_TRUE(harness_.wait_for_polls(2));
  EXPECT_EQ(namespaces(), 1);
}

}  // namespace
}  // namespace rtt::passive
