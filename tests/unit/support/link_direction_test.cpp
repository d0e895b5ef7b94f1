#include "support/link_direction.h"

#include <gmock/gmock.h>

namespace rtt::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::TimePoint kNow = base::TimePoint(1000s);

LinkDirection direction(const Impairment& impairment, std::uint64_t seed = 1) {
  LinkDirection result(seed);
  result.set(impairment);
  return result;
}

IpPacket tcp() {
  IpPacket packet;
  packet.protocol = IPPROTO_TCP;
  return packet;
}

int passed(LinkDirection& link, int packets) {
  int count = 0;
  for (int i = 0; i < packets; ++i) {
    count += static_cast<int>(link.pass(tcp(), 100, kNow).size());
  }
  return count;
}

TEST(LinkDirection, DelayIsExact) {
  LinkDirection link = direction({.delay = 5ms});
  EXPECT_THAT(link.pass(tcp(), 100, kNow), ElementsAre(kNow + 5ms));
}

TEST(LinkDirection, JitterStaysWithinItsBoundAndKeepsTheOrder) {
  LinkDirection link = direction({.delay = 5ms, .jitter = 3ms});
  base::TimePoint last = kNow + 5ms;
  for (int i = 0; i < 1000; ++i) {
    const base::TimePoint due = link.pass(tcp(), 100, kNow).at(0);
    EXPECT_GE(due, last);
    EXPECT_LE(due, kNow + 8ms);
    last = due;
  }
  EXPECT_GT(last, kNow + 7ms);
}

TEST(LinkDirection, EveryNthPacketIsDroppedExactly) {
  Impairment impairment;
  impairment.drop = every_nth(10, [](const IpPacket& packet) { return packet.is_tcp(); });
  LinkDirection link = direction(impairment);
  EXPECT_EQ(passed(link, 9), 9);
  EXPECT_EQ(passed(link, 1), 0);
  EXPECT_EQ(passed(link, 90), 81);
}

TEST(LinkDirection, PacketsThatDoNotMatchAreNotCountedForExactLoss) {
  Impairment impairment;
  impairment.drop = every_nth(2, [](const IpPacket& packet) { return packet.is_icmp(); });
  LinkDirection link = direction(impairment);
  EXPECT_EQ(passed(link, 100), 100);
}

TEST(LinkDirection, LossIsNearItsChance) {
  LinkDirection link = direction({.loss = 0.1});
  EXPECT_NEAR(passed(link, 10000), 9000, 150);
}

TEST(LinkDirection, EqualSeedsLoseTheSamePackets) {
  LinkDirection one = direction({.loss = 0.5}, 7);
  LinkDirection two = direction({.loss = 0.5}, 7);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(one.pass(tcp(), 100, kNow).size(), two.pass(tcp(), 100, kNow).size());
  }
}

TEST(LinkDirection, DuplicateComesTwice) {
  LinkDirection link = direction({.delay = 1ms, .duplicate = 1});
  EXPECT_THAT(link.pass(tcp(), 100, kNow), ElementsAre(kNow + 1ms, kNow + 1ms));
}

TEST(LinkDirection, ReorderedPacketIsOvertaken) {
  LinkDirection link = direction({.delay = 1ms, .reorder = 1, .reorder_hold = 4ms});
  EXPECT_THAT(link.pass(tcp(), 100, kNow), ElementsAre(kNow + 5ms));
  link.set({.delay = 1ms});
  EXPECT_THAT(link.pass(tcp(), 100, kNow), ElementsAre(kNow + 1ms));
}

TEST(LinkDirection, RateSpacesPackets) {
  LinkDirection link = direction({.bits_per_second = 8'000'000});
  EXPECT_THAT(link.pass(tcp(), 1000, kNow), ElementsAre(kNow + 1ms));
  EXPECT_THAT(link.pass(tcp(), 1000, kNow), ElementsAre(kNow + 2ms));
}

TEST(LinkDirection, FullQueueDropsItsTail) {
  LinkDirection link = direction({.bits_per_second = 8'000'000, .queue_bytes = 3000});
  EXPECT_EQ(passed(link, 40), 30);
  EXPECT_THAT(link.pass(tcp(), 100, kNow), IsEmpty());
  EXPECT_THAT(link.pass(tcp(), 100, kNow + 1ms), SizeIs(1));
}

TEST(LinkDirection, SmallerDelayDoesNotOvertakeWhatIsOnTheWay) {
  LinkDirection link = direction({.delay = 30ms});
  (void)link.pass(tcp(), 100, kNow);
  link.set({.delay = 10ms});
  EXPECT_THAT(link.pass(tcp(), 100, kNow + 5ms), ElementsAre(kNow + 30ms));
}

}  // namespace
}  // namespace rtt::support
