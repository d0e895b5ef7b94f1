#include "owners/cgroup_owners.h"

#include <gmock/gmock.h>

namespace rtt::owners {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::Pair;

const Owner kNginx{"nginx.service", "", ""};
const Owner kPod{"", "c1", "p1"};
const Owner kOtherContainer{"", "c2", "p1"};
constexpr base::TimePoint kStart{};

TEST(CgroupOwners, AnUnknownCgroupHasNoNumber) {
  const CgroupOwners owners({.unit = true});
  EXPECT_EQ(owners.number(7), std::nullopt);
}

TEST(CgroupOwners, LabelsAreThoseWanted) {
  CgroupOwners owners({.unit = true, .container = true, .pod = true});
  EXPECT_THAT(owners.labels(owners.add(7, kPod)).value(),
              ElementsAre(Pair("unit", ""), Pair("container", "c1"), Pair("pod", "p1")));
}

TEST(CgroupOwners, NobodysLabelsAreEmpty) {
  const CgroupOwners owners({.unit = true, .pod = true});
  EXPECT_THAT(owners.labels(kNobody).value(), ElementsAre(Pair("unit", ""), Pair("pod", "")));
}

TEST(CgroupOwners, OwnersWithEqualLabelsAreOne) {
  CgroupOwners owners({.pod = true});
  EXPECT_EQ(owners.add(7, kPod), owners.add(8, kOtherContainer));
  EXPECT_EQ(owners.present(), 1U);
}

TEST(CgroupOwners, WhatHasNoneOfTheLabelsIsNobodys) {
  CgroupOwners owners({.pod = true});
  EXPECT_EQ(owners.add(7, kNginx), kNobody);
  EXPECT_EQ(owners.number(7), kNobody);
  EXPECT_EQ(owners.present(), 0U);
}

TEST(CgroupOwners, OneThatLeftIsKnownUntilForgotten) {
  CgroupOwners owners({.unit = true});
  const Number nginx = owners.add(7, kNginx);
  owners.leave(7, kStart);
  EXPECT_EQ(owners.number(7), nginx);
  EXPECT_TRUE(owners.labels(nginx));
  EXPECT_EQ(owners.present(), 0U);
  EXPECT_THAT(owners.forget(kStart + minutes(1)), ElementsAre(7));
  EXPECT_EQ(owners.number(7), std::nullopt);
  EXPECT_EQ(owners.labels(nginx), std::nullopt);
}

TEST(CgroupOwners, WhoCameBackBeforeIsTheSame) {
  CgroupOwners owners({.unit = true});
  const Number nginx = owners.add(7, kNginx);
  owners.leave(7, kStart);
  EXPECT_EQ(owners.add(8, kNginx), nginx);
  EXPECT_THAT(owners.forget(kStart + minutes(1)), ElementsAre(7));
  EXPECT_TRUE(owners.labels(nginx));
}

TEST(CgroupOwners, OnlyWhatLeftLongAgoIsForgotten) {
  CgroupOwners owners({.unit = true});
  owners.add(7, kNginx);
  owners.add(8, kNginx);
  owners.add(9, kNginx);
  owners.leave(7, kStart);
  owners.leave(8, kStart + minutes(2));
  EXPECT_THAT(owners.forget(kStart + minutes(1)), ElementsAre(7));
}

TEST(CgroupOwners, ANumberIsNeverUsedAgain) {
  CgroupOwners owners({.unit = true});
  const Number first = owners.add(7, kNginx);
  owners.leave(7, kStart);
  (void)owners.forget(kStart + minutes(1));
  EXPECT_NE(owners.add(8, kNginx), first);
}

TEST(CgroupOwners, OneThatIsAddedAgainKeepsItsNumber) {
  CgroupOwners owners({.unit = true});
  const Number nginx = owners.add(7, kNginx);
  EXPECT_EQ(owners.add(7, kNginx), nginx);
  EXPECT_EQ(owners.present(), 1U);
  owners.leave(7, kStart);
  (void)owners.forget(kStart + minutes(1));
  EXPECT_EQ(owners.labels(nginx), std::nullopt);
}

TEST(CgroupOwners, TheVersionRisesWhenAKnownCgroupHasAnotherOwner) {
  CgroupOwners owners({.unit = true});
  const auto before = owners.version();
  owners.add(7, kNginx);
  owners.add(8, kNginx);
  EXPECT_EQ(owners.version(), before);
  owners.add(7, {"other.service", "", ""});
  EXPECT_GT(owners.version(), before);
}

}  // namespace
}  // namespace rtt::owners
