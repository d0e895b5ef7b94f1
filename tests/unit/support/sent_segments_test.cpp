#include "support/sent_segments.h"

#include <gtest/gtest.h>

namespace rtt::support {
namespace {

using namespace std::chrono_literals;

class SentSegmentsTest : public ::testing::Test {
 protected:
  SentSegmentsTest() { segments_.start(1000); }
  SentSegments segments_;
};

TEST_F(SentSegmentsTest, AckOfOneSegmentGivesItsTime) {
  segments_.sent(1000, 100, 5us);
  EXPECT_EQ(segments_.acknowledged(1100), 5us);
}

TEST_F(SentSegmentsTest, AckOfSeveralGivesTheNewest) {
  segments_.sent(1000, 100, 5us);
  segments_.sent(1100, 100, 7us);
  segments_.sent(1200, 100, 9us);
  EXPECT_EQ(segments_.acknowledged(1200), 7us);
}

TEST_F(SentSegmentsTest, SecondAckOfTheSameGivesNothing) {
  segments_.sent(1000, 100, 5us);
  (void)segments_.acknowledged(1100);
  EXPECT_FALSE(segments_.acknowledged(1100));
}

TEST_F(SentSegmentsTest, AckOfOldDataGivesNothing) {
  segments_.sent(1000, 100, 5us);
  EXPECT_FALSE(segments_.acknowledged(1000));
}

TEST_F(SentSegmentsTest, AckOfUnsentDataGivesNothing) {
  segments_.sent(1000, 100, 5us);
  EXPECT_FALSE(segments_.acknowledged(1101));
}

TEST_F(SentSegmentsTest, RetransmittedSegmentGivesNothing) {
  segments_.sent(1000, 100, 5us);
  segments_.sent(1000, 100, 9us);
  EXPECT_FALSE(segments_.acknowledged(1100));
}

TEST_F(SentSegmentsTest, RetransmissionOfAPartTaintsOnlyThatPart) {
  segments_.sent(1000, 300, 5us);
  segments_.sent(1100, 100, 9us);
  EXPECT_EQ(segments_.acknowledged(1100), 5us);
  EXPECT_FALSE(segments_.acknowledged(1200));
  EXPECT_EQ(segments_.acknowledged(1300), 5us);
}

TEST_F(SentSegmentsTest, NewestNeverRetransmittedCountsBesideARetransmittedOne) {
  segments_.sent(1000, 100, 5us);
  segments_.sent(1100, 100, 6us);
  segments_.sent(1100, 100, 9us);
  EXPECT_EQ(segments_.acknowledged(1200), 5us);
}

TEST_F(SentSegmentsTest, SackedSegmentIsNotSampledAgain) {
  segments_.sent(1000, 100, 5us);
  segments_.sent(1100, 100, 7us);
  segments_.sacked(1100, 1200);
  EXPECT_EQ(segments_.acknowledged(1200), 5us);
}

TEST_F(SentSegmentsTest, SuperPacketIsSampledByEachAckOfAPart) {
  segments_.sent(1000, 65000, 5us);
  EXPECT_EQ(segments_.acknowledged(2448), 5us);
  EXPECT_EQ(segments_.acknowledged(66000), 5us);
}

TEST(SentSegments, SequenceNumbersWrapAround) {
  SentSegments segments;
  segments.start(0xffffff00);
  segments.sent(0xffffff00, 0x200, 5us);
  segments.sent(0x100, 0x100, 7us);
  EXPECT_EQ(segments.acknowledged(0x100), 5us);
  EXPECT_EQ(segments.acknowledged(0x200), 7us);
}

}  // namespace
}  // namespace rtt::support
