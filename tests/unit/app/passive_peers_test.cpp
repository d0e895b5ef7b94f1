#include "app/passive_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::app {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class PassivePeersTest : public ::testing::Test {
 protected:
  // One look, a minute after the last one.
  bool look(const std::vector<std::pair<std::string, std::uint64_t>>& busiest) {
    std::vector<passive::ActiveRemote> remotes;
    for (const auto& [address, segments] : busiest) {
      remotes.push_back({*base::IpAddress::parse(address), segments});
    }
    now_ += minutes(1);
    return peers_.update(remotes, now_, {.max_peers = 2, .expire_after = minutes(3)});
  }
  std::vector<std::string> addresses() const {
    std::vector<std::string> texts;
    for (const auto& address : peers_.addresses()) texts.push_back(address.to_string());
    return texts;
  }

  PassivePeers peers_;
  base::TimePoint now_ = base::Clock::now();
};

TEST_F(PassivePeersTest, TakesTheBusiest) {
  EXPECT_TRUE(look({{"10.0.0.3", 30}, {"10.0.0.2", 20}, {"10.0.0.1", 10}}));
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.3", "10.0.0.2"));
}

TEST_F(PassivePeersTest, DoesNotChangeWhileTheSameAreBusy) {
  look({{"10.0.0.3", 30}, {"10.0.0.2", 20}});
  EXPECT_FALSE(look({{"10.0.0.2", 50}, {"10.0.0.3", 40}}));
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.3", "10.0.0.2"));
}

TEST_F(PassivePeersTest, APeerWithoutTrafficStaysUntilItExpires) {
  look({{"10.0.0.3", 30}});
  EXPECT_FALSE(look({}));
  EXPECT_FALSE(look({}));
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.3"));
  EXPECT_TRUE(look({}));
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(PassivePeersTest, OneSegmentKeepsAPeer) {
  look({{"10.0.0.3", 30}});
  for (int i = 0; i < 10; ++i) {
    look({});
    look({{"10.0.0.3", 1}});
  }
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.3"));
}

TEST_F(PassivePeersTest, ALittleBusierIsNotEnoughToTakeAPlace) {
  look({{"10.0.0.3", 30}, {"10.0.0.2", 20}});
  EXPECT_FALSE(look({{"10.0.0.1", 39}, {"10.0.0.3", 30}, {"10.0.0.2", 20}}));
}

TEST_F(PassivePeersTest, MuchBusierTakesThePlaceOfTheIdlest) {
  look({{"10.0.0.3", 30}, {"10.0.0.2", 20}});
  EXPECT_TRUE(look({{"10.0.0.1", 41}, {"10.0.0.3", 30}, {"10.0.0.2", 20}}));
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.3", "10.0.0.1"));
}

TEST_F(PassivePeersTest, AnIdlePeerGivesWay) {
  look({{"10.0.0.3", 30}, {"10.0.0.2", 20}});
  look({{"10.0.0.3", 30}});
  EXPECT_TRUE(look({{"10.0.0.3", 30}, {"10.0.0.1", 20}}));
  EXPECT_THAT(addresses(), UnorderedElementsAre("10.0.0.3", "10.0.0.1"));
}

TEST_F(PassivePeersTest, NeverHasMoreThanAllowed) {
  for (std::uint64_t i = 1; i < 50; ++i) {
    look({{"10.0.1." + std::to_string(i), i * 1000}, {"10.0.2." + std::to_string(i), i * 900}});
    ASSERT_LE(addresses().size(), 2U);
  }
}

TEST_F(PassivePeersTest, ForgetsWhatIsNoLongerInside) {
  look({{"10.0.0.3", 30}, {"10.1.0.2", 20}});
  peers_.keep_inside(std::vector{*base::IpPrefix::parse("10.1.0.0/16")});
  EXPECT_THAT(addresses(), ElementsAre("10.1.0.2"));
}

}  // namespace
}  // namespace rtt::app
