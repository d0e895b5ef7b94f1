#include "probers/path_watch.h"

#include <gtest/gtest.h>

namespace rtt::probers {
namespace {

const base::IpAddress kPeer = *base::IpAddress::parse("10.0.0.1");
const base::IpAddress kOtherPeer = *base::IpAddress::parse("10.0.0.2");

TEST(PathWatch, TheFirstReplyIsNoChange) {
  PathWatch paths;
  EXPECT_FALSE(paths.changed(1, kPeer, 64));
}

TEST(PathWatch, TheSameHopLimitIsNoChange) {
  PathWatch paths;
  (void)paths.changed(1, kPeer, 64);
  EXPECT_FALSE(paths.changed(1, kPeer, 64));
}

TEST(PathWatch, EveryOtherHopLimitIsOneChange) {
  PathWatch paths;
  (void)paths.changed(1, kPeer, 64);
  EXPECT_TRUE(paths.changed(1, kPeer, 63));
  EXPECT_FALSE(paths.changed(1, kPeer, 63));
  EXPECT_TRUE(paths.changed(1, kPeer, 64));
}

TEST(PathWatch, LanesAreComparedWithThemselvesOnly) {
  PathWatch paths;
  (void)paths.changed(1, kPeer, 64);
  EXPECT_FALSE(paths.changed(2, kPeer, 60));
  EXPECT_FALSE(paths.changed(1, kPeer, 64));
}

TEST(PathWatch, AddressesAreComparedWithThemselvesOnly) {
  PathWatch paths;
  (void)paths.changed(1, kPeer, 64);
  EXPECT_FALSE(paths.changed(1, kOtherPeer, 60));
  EXPECT_FALSE(paths.changed(1, kPeer, 64));
}

TEST(PathWatch, RemembersTheLatestOnly) {
  PathWatch paths;
  (void)paths.changed(0, kPeer, 64);
  for (std::uint32_t lane = 1; lane <= PathWatch::kMost; ++lane) {
    (void)paths.changed(lane, kPeer, 64);
  }
  EXPECT_FALSE(paths.changed(0, kPeer, 60));
  EXPECT_TRUE(paths.changed(PathWatch::kMost, kPeer, 60));
}

}  // namespace
}  // namespace rtt::probers
