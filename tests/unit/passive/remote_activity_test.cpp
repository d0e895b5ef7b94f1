#include "passive/remote_activity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

base::IpAddress address(const std::string& text) { return *base::IpAddress::parse(text); }

base::IpAddress nth(std::uint32_t n) { return base::IpAddress(in_addr{htonl(0x0A000000U + n)}); }

class RemoteActivityTest : public testing::Test {
 protected:
  RemoteActivityTest() { set({"10.0.0.0/8", "2001:db8::/32"}); }

  void set(const std::vector<std::string>& networks) {
    std::vector<base::IpPrefix> prefixes;
    for (const std::string& text : networks) prefixes.push_back(*base::IpPrefix::parse(text));
    activity_.set_networks(prefixes);
  }
  void add(const std::string& remote, std::uint32_t segments) {
    activity_.add(address(remote), segments);
  }
  std::vector<std::string> busiest(std::size_t most = 100) {
    std::vector<std::string> texts;
    for (const auto& [remote, segments] : activity_.take_busiest(most)) {
      texts.push_back(remote.to_string() + " " + std::to_string(segments));
    }
    return texts;
  }

  RemoteActivity activity_;
};

TEST_F(RemoteActivityTest, TheBusiestIsTheFirst) {
  add("10.0.0.1", 5);
  add("10.0.0.2", 7);
  add("2001:db8::1", 6);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.2 7", "2001:db8::1 6", "10.0.0.1 5"));
}

TEST_F(RemoteActivityTest, TheConnectionsToAnAddressAreAddedUp) {
  add("10.0.0.1", 5);
  add("10.0.0.1", 6);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.1 11"));
}

TEST_F(RemoteActivityTest, ASumLargerThan32BitsIsExact) {
  add("10.0.0.1", 4'000'000'000);
  add("10.0.0.1", 4'000'000'000);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.1 8000000000"));
}

TEST_F(RemoteActivityTest, EquallyBusyOnesAreInTheOrderOfTheirAddresses) {
  for (const char* remote : {"10.0.0.3", "10.0.0.1", "10.0.0.2"}) add(remote, 1);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.1 1", "10.0.0.2 1", "10.0.0.3 1"));
}

TEST_F(RemoteActivityTest, NoMoreThanAskedForAreGiven) {
  for (std::uint32_t i = 1; i <= 9; ++i) activity_.add(nth(i), i);
  EXPECT_THAT(busiest(2), ElementsAre("10.0.0.9 9", "10.0.0.8 8"));
}

TEST_F(RemoteActivityTest, AnAnswerStartsAllAnew) {
  add("10.0.0.1", 5);
  add("10.0.0.2", 1);
  EXPECT_THAT(busiest(1), ElementsAre("10.0.0.1 5"));
  add("10.0.0.1", 2);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.1 2"));
}

TEST_F(RemoteActivityTest, WhatDoesNotGrowIsNotBusy) {
  add("10.0.0.1", 0);
  EXPECT_THAT(busiest(), IsEmpty());
}

TEST_F(RemoteActivityTest, OutsideTheNetworksNothingCounts) {
  for (const char* remote : {"11.0.0.1", "9.255.255.255", "2001:db9::1", "::10.0.0.1"}) {
    add(remote, 5);
  }
  EXPECT_THAT(busiest(), IsEmpty());
}

TEST_F(RemoteActivityTest, AMappedAddressIsItsIpv4Address) {
  add("::ffff:10.0.0.1", 5);
  EXPECT_THAT(busiest(), ElementsAre("10.0.0.1 5"));
}

TEST_F(RemoteActivityTest, WithoutNetworksNothingCounts) {
  set({});
  add("10.0.0.1", 5);
  EXPECT_THAT(busiest(), IsEmpty());
}

TEST_F(RemoteActivityTest, ANetworkOfEverythingCountsEverything) {
  set({"0.0.0.0/0", "::/0"});
  add("192.0.2.1", 2);
  add("fd00::1", 1);
  EXPECT_THAT(busiest(), ElementsAre("192.0.2.1 2", "fd00::1 1"));
}

TEST_F(RemoteActivityTest, OtherNetworksKeepWhatIsInsideThem) {
  add("10.1.0.1", 5);
  add("10.2.0.1", 6);
  set({"10.1.0.0/16"});
  EXPECT_THAT(busiest(), ElementsAre("10.1.0.1 5"));
}

TEST_F(RemoteActivityTest, OnlyThoseWantedAreGiven) {
  add("10.0.0.1", 5);
  add("10.0.0.2", 4);
  const auto found = activity_.take_busiest(
      1, [](const base::IpAddress& remote) { return remote != address("10.0.0.1"); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address, address("10.0.0.2"));
}

TEST_F(RemoteActivityTest, AsManyAsThereIsRoomForAreAllKnown) {
  for (std::uint32_t i = 0; i < RemoteActivity::kMaxAddresses; ++i) activity_.add(nth(i), 1);
  EXPECT_EQ(busiest(1'000'000).size(), RemoteActivity::kMaxAddresses);
  EXPECT_EQ(activity_.dropped(), 0U);
}

TEST_F(RemoteActivityTest, PastTheRoomTheBusyOnesStay) {
  constexpr std::uint32_t kMany = 200'000;
  constexpr std::uint32_t kBusy = 1000;
  for (std::uint32_t i = 0; i < kMany; ++i) activity_.add(nth(i), i % (kMany / kBusy) == 0 ? 9 : 1);
  const auto found = activity_.take_busiest(kBusy);
  ASSERT_EQ(found.size(), kBusy);
  EXPECT_EQ(found.back().segments, 9U);
}

TEST_F(RemoteActivityTest, WhatIsForgottenIsCounted) {
  constexpr std::uint32_t kMany = 100'000;
  for (std::uint32_t i = 0; i < kMany; ++i) activity_.add(nth(i), 1);
  EXPECT_EQ(busiest(kMany).size() + activity_.dropped(), kMany);
}

}  // namespace
}  // namespace rtt::passive
