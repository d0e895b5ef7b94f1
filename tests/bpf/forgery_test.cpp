// Segments that a stranger forges are no samples.
#include "forged_segment.h"
#include "measured_link.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bpf_test {
namespace {

/// One message of the client is in flight, and the server stays silent.
class ForgeryTest : public MeasuredLinkTest {
 protected:
  static constexpr std::uint32_t kBytes = 4;

  void SetUp() override {
    MeasuredLinkTest::SetUp();
    if (IsSkipped()) return;
    // Timestamps off: with them, a segment that has none is dropped by the kernel as well.
    client_->sysctl("ipv4/tcp_timestamps", "0");
    measurement_.emplace(both_hosts());
    fd_ = connect(addresses_.b4);
    ASSERT_TRUE(support::exchange(fd_.get(), "ping"));
    ASSERT_EQ(measurement_->count("server", "tcp_probe"), 1u);
    server_->command({"ip", "route", "add", "blackhole", addresses_.a4 + "/32"});
    now_ = sequence_of(fd_.get());
    unacceptable_ = unacceptable();
    ASSERT_TRUE(support::send_all(fd_.get(), "ping"));
  }
  double unacceptable() {
    return measurement_->exporter_value("rtt_exporter_bpf_samples_dropped_total",
                                        {{"program", "tcp_probe"}, {"reason", "unacceptable"}});
  }
  void forge(std::uint32_t sequence, std::uint32_t acknowledgement) {
    ASSERT_TRUE(
        client_->run([&] { return forge_acknowledgement(fd_.get(), sequence, acknowledgement); }));
  }
  void expect_refused() {
    EXPECT_TRUE(support::wait_until([&] { return unacceptable() >= unacceptable_ + 1; }));
    EXPECT_EQ(measurement_->count("server", "tcp_probe"), 1u);
  }

  std::optional<Measurement> measurement_;
  base::UniqueFd fd_;
  Sequence now_;
  double unacceptable_ = 0;
};

TEST_F(ForgeryTest, WhoKnowsBothSequenceNumbersIsThePeer) {
  forge(now_.next_to_receive, now_.next_to_send + kBytes);
  EXPECT_TRUE(support::wait_until([&] { return measurement_->count("server", "tcp_probe") == 2; }));
}

TEST_F(ForgeryTest, AnAcknowledgementOfWhatWasNeverSentIsNoSample) {
  forge(now_.next_to_receive, now_.next_to_send + kBytes + 1);
  expect_refused();
}

TEST_F(ForgeryTest, ASequenceNumberBeforeTheWindowIsNoSample) {
  forge(now_.next_to_receive - 1'000'000, now_.next_to_send + kBytes);
  expect_refused();
}

TEST_F(ForgeryTest, ASequenceNumberBehindTheWindowIsNoSample) {
  forge(now_.next_to_receive + 100'000'000, now_.next_to_send + kBytes);
  expect_refused();
}

TEST_F(ForgeryTest, AnAcknowledgementOfAPartOfASegmentIsNoSample) {
  forge(now_.next_to_receive, now_.next_to_send + kBytes - 1);
  EXPECT_TRUE(support::wait_until([&] {
    return measurement_->exporter_value("rtt_exporter_bpf_samples_dropped_total",
                                        {{"program", "tcp_probe"}, {"reason", "partial"}}) >= 1;
  }));
  EXPECT_EQ(measurement_->count("server", "tcp_probe"), 1u);
}

}  // namespace
}  // namespace rtt::bpf_test
