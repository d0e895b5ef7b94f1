#include "probers/timestamps.h"

#include <gtest/gtest.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>

#include <cstring>

#include "support/wait_until.h"

namespace rtt::probers {
namespace {

using namespace std::chrono_literals;
using base::IpAddress;
using base::TimePoint;

const TimePoint kSent{1000s};
const TimePoint kReceived = kSent + 10ms;

TEST(ChooseRtt, TakesTheKernelsDifference) {
  const ChosenRtt rtt = choose_rtt(5s, 5s + 8ms, kSent, kReceived);
  EXPECT_EQ(rtt.value, 8ms);
  EXPECT_TRUE(rtt.from_kernel);
}

TEST(ChooseRtt, TakesAKernelDifferenceOfZero) {
  EXPECT_TRUE(choose_rtt(5s, 5s, kSent, kReceived).from_kernel);
}

TEST(ChooseRtt, FallsBackWithoutATransmitTimestamp) {
  const ChosenRtt rtt = choose_rtt(std::nullopt, 5s, kSent, kReceived);
  EXPECT_EQ(rtt.value, 10ms);
  EXPECT_FALSE(rtt.from_kernel);
}

TEST(ChooseRtt, FallsBackWithoutAReceiveTimestamp) {
  EXPECT_EQ(choose_rtt(5s, std::nullopt, kSent, kReceived).value, 10ms);
}

TEST(ChooseRtt, FallsBackWhenTheClockWasSetBack) {
  const ChosenRtt rtt = choose_rtt(5s, 4s, kSent, kReceived);
  EXPECT_EQ(rtt.value, 10ms);
  EXPECT_FALSE(rtt.from_kernel);
}

TEST(ChooseRtt, FallsBackWhenTheClockWasSetForward) {
  const ChosenRtt rtt = choose_rtt(5s, 3605s, kSent, kReceived);
  EXPECT_EQ(rtt.value, 10ms);
  EXPECT_FALSE(rtt.from_kernel);
}

TEST(ChooseRtt, AllowsForTheTimeBetweenTwoClockReadings) {
  EXPECT_TRUE(choose_rtt(5s, 5s + 10ms + 500ns, kSent, kReceived).from_kernel);
  EXPECT_FALSE(choose_rtt(5s, 5s + 10ms + 50us, kSent, kReceived).from_kernel);
}

// Control messages laid out by hand, as recvmsg(2) leaves them.
class Control {
 public:
  template <typename T>
  Control& add(int level, int type, const T& value) {
    auto* header = reinterpret_cast<cmsghdr*>(&buffer_[used_]);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
    return *this;
  }
  [[nodiscard]] ControlData parse() {
    msghdr message{};
    message.msg_control = buffer_;
    message.msg_controllen = used_;
    return parse_control(message);
  }

 private:
  alignas(cmsghdr) unsigned char buffer_[512] = {};
  std::size_t used_ = 0;
};

scm_timestamping software(timespec stamp) {
  scm_timestamping stamps{};
  stamps.ts[0] = stamp;
  return stamps;
}

struct ErrorWithOffender {
  sock_extended_err error;
  sockaddr_in offender;
};

TEST(ParseControl, ReadsAReceiveTimestamp) {
  const auto control = Control().add(SOL_SOCKET, SCM_TIMESTAMPING, software({7, 9})).parse();
  EXPECT_EQ(control.timestamp, 7s + 9ns);
  EXPECT_FALSE(control.transmitted);
}

TEST(ParseControl, TakesAnEmptyTimestampForNone) {
  EXPECT_FALSE(Control().add(SOL_SOCKET, SCM_TIMESTAMPING, software({0, 0})).parse().timestamp);
}

TEST(ParseControl, TakesATimeThatNanosecondsCannotHoldForNone) {
  for (const time_t seconds : {time_t{INT64_MAX}, time_t{INT64_MAX / 1'000'000'000}, time_t{-1}}) {
    EXPECT_FALSE(
        Control().add(SOL_SOCKET, SCM_TIMESTAMPING, software({seconds, 0})).parse().timestamp)
        << seconds;
  }
}

TEST(ParseControl, ReadsWhichSendATimestampBelongsTo) {
  sock_extended_err error{};
  error.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
  error.ee_info = SCM_TSTAMP_SND;
  error.ee_data = 42;
  const auto control = Control()
                           .add(SOL_SOCKET, SCM_TIMESTAMPING, software({7, 9}))
                           .add(SOL_IPV6, IPV6_RECVERR, error)
                           .parse();
  ASSERT_TRUE(control.transmitted);
  EXPECT_EQ(control.transmitted->type, std::uint32_t{SCM_TSTAMP_SND});
  EXPECT_EQ(control.transmitted->id, 42U);
  EXPECT_FALSE(control.error);
}

TEST(ParseControl, ReadsAnErrorAndWhoReportedIt) {
  ErrorWithOffender report{};
  report.error.ee_origin = SO_EE_ORIGIN_ICMP;
  report.error.ee_errno = EHOSTUNREACH;
  report.error.ee_type = 3;
  report.error.ee_code = 1;
  report.offender.sin_family = AF_INET;
  report.offender.sin_addr.s_addr = htonl(0x0a000001);
  const auto control = Control().add(SOL_IP, IP_RECVERR, report).parse();
  ASSERT_TRUE(control.error);
  EXPECT_EQ(control.error->error_number, EHOSTUNREACH);
  EXPECT_EQ(control.error->type, 3);
  EXPECT_EQ(control.error->code, 1);
  EXPECT_EQ(control.offender, IpAddress::parse("10.0.0.1"));
}

TEST(ParseControl, ReadsTheHopLimitOfEitherFamily) {
  EXPECT_EQ(Control().add(SOL_IP, IP_TTL, 57).parse().hop_limit, 57);
  EXPECT_EQ(Control().add(SOL_IPV6, IPV6_HOPLIMIT, 255).parse().hop_limit, 255);
}

TEST(ParseControl, SkipsAHopLimitThatIsNone) {
  EXPECT_FALSE(Control().add(SOL_IP, IP_TTL, 256).parse().hop_limit);
  EXPECT_FALSE(Control().add(SOL_IP, IP_TTL, -1).parse().hop_limit);
  EXPECT_FALSE(Control().add(SOL_IP, IP_TTL, std::uint8_t{64}).parse().hop_limit);
}

TEST(ParseControl, SkipsAnErrorThatIsCutOff) {
  EXPECT_FALSE(Control().add(SOL_IP, IP_RECVERR, std::uint32_t{1}).parse().error);
}

TEST(ParseControl, SkipsWhatItDoesNotKnow) {
  const auto control = Control()
                           .add(SOL_SOCKET, SCM_RIGHTS, 3)
                           .add(SOL_SOCKET, SCM_TIMESTAMPING, software({1, 0}))
                           .parse();
  EXPECT_EQ(control.timestamp, 1s);
}

// A UDP socket on loopback that sends to itself.
class Loopback : public testing::Test {
 protected:
  void SetUp() override {
    auto keeper = TimestampKeeper::create();
    ASSERT_TRUE(keeper);
    keeper_.emplace(*std::move(keeper));
    fd_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(fd_);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    ASSERT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address_), length), 0);
    ASSERT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address_), &length), 0);
    ASSERT_TRUE(enable_timestamps(fd_.get(), SocketKind::kDatagram));
  }

  void send(std::size_t bytes) {
    const std::vector<char> data(bytes, 'x');
    ASSERT_EQ(sendto(fd_.get(), data.data(), bytes, 0, reinterpret_cast<sockaddr*>(&address_),
                     sizeof address_),
              static_cast<ssize_t>(bytes));
  }
  [[nodiscard]] ReceiveBatch::Message receive(ReceiveBatch& batch, int flags = 0) {
    EXPECT_TRUE(support::wait_until([&] { return batch.receive(fd_.get(), flags) > 0; }));
    return batch.message(0);
  }
  [[nodiscard]] std::vector<std::uint32_t> transmitted_ids(std::size_t count) {
    std::vector<std::uint32_t> ids;
    ReceiveBatch batch(4, 64);
    EXPECT_TRUE(support::wait_until([&] {
      drain_error_queue(fd_.get(), batch, [&](const ReceiveBatch::Message& message) {
        if (message.control.transmitted) ids.push_back(message.control.transmitted->id);
      });
      return ids.size() >= count;
    }));
    return ids;
  }

  std::optional<TimestampKeeper> keeper_;
  base::UniqueFd fd_;
  sockaddr_in address_{};
};

TEST_F(Loopback, NumbersTransmitTimestampsInTheOrderOfSending) {
  for (int i = 0; i < 6; ++i) send(10);
  EXPECT_EQ(transmitted_ids(6), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(Loopback, NumbersFromZeroAfterARestart) {
  send(10);
  EXPECT_EQ(transmitted_ids(1), std::vector<std::uint32_t>{0});
  ASSERT_TRUE(restart_timestamp_ids(fd_.get()));
  send(10);
  EXPECT_EQ(transmitted_ids(1), std::vector<std::uint32_t>{0});
}

TEST_F(Loopback, StampsAtTransmissionBeforeReception) {
  ReceiveBatch batch(4, 64);
  std::optional<nanoseconds> received;
  // Stamping is turned on in the background; until then there are packets without a stamp.
  ASSERT_TRUE(support::wait_until([&] {
    send(10);
    received = receive(batch).control.timestamp;
    return received.has_value();
  }));
  std::optional<nanoseconds> last_sent;
  drain_error_queue(fd_.get(), batch, [&](const ReceiveBatch::Message& message) {
    last_sent = message.control.timestamp;
  });
  ASSERT_TRUE(last_sent);
  EXPECT_LE(*last_sent, *received);
}

TEST_F(Loopback, ReceivesSeveralMessagesWithTheirDataAndSender) {
  for (int i = 1; i <= 3; ++i) send(static_cast<std::size_t>(i));
  ReceiveBatch batch(8, 64);
  ASSERT_EQ(batch.receive(fd_.get(), 0), 3);
  EXPECT_EQ(batch.message(2).data.size(), 3U);
  EXPECT_EQ(batch.message(2).address, IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(batch.message(2).port, ntohs(address_.sin_port));
  EXPECT_FALSE(batch.message(2).truncated);
}

TEST_F(Loopback, SaysWhenAMessageDidNotFit) {
  send(65);
  ReceiveBatch batch(1, 64);
  EXPECT_TRUE(receive(batch).truncated);
}

TEST_F(Loopback, HasNothingToReceiveOnASilentSocket) {
  ReceiveBatch batch(1, 64);
  EXPECT_EQ(batch.receive(fd_.get(), 0), 0);
}

TEST_F(Loopback, SaysWhatIsWrongWithADescriptor) {
  ReceiveBatch batch(1, 64);
  EXPECT_EQ(batch.receive(-1, 0), -EBADF);
}

TEST(EnableTimestamps, ReportsADescriptorThatIsNoSocket) {
  EXPECT_FALSE(enable_timestamps(-1, SocketKind::kDatagram));
  EXPECT_FALSE(enable_timestamps(-1, SocketKind::kStream));
}

TEST(EnableTimestamps, NumbersTheBytesOfAStream) {
  base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  base::UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_TRUE(enable_timestamps(client.get(), SocketKind::kStream));
  ASSERT_EQ(send(client.get(), "0123456789", 10, 0), 10);
  ReceiveBatch batch(1, 64);
  ASSERT_TRUE(support::wait_until([&] { return batch.receive(client.get(), MSG_ERRQUEUE) == 1; }));
  ASSERT_TRUE(batch.message(0).control.transmitted);
  EXPECT_EQ(batch.message(0).control.transmitted->id, 9U);
}

}  // namespace
}  // namespace rtt::probers
