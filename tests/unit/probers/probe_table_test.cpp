#include "probers/probe_table.h"

#include <gtest/gtest.h>

namespace rtt::probers {
namespace {

const base::IpAddress kNear = *base::IpAddress::parse("10.0.0.1");
const base::IpAddress kFar = *base::IpAddress::parse("10.0.0.2");

class ProbeTableTest : public testing::Test {
 protected:
  Handle add(Origin origin, const base::IpAddress& destination = kNear) {
    return table_.insert(++last_token_, nullptr, destination, origin);
  }

  ProbeTable table_;
  std::uint64_t last_token_ = 0;
};

TEST_F(ProbeTableTest, FindsAProbeByWhatAReplyCarries) {
  const Handle handle = add({1, 7});
  EXPECT_EQ(table_.find(Origin{1, 7}, handle.token), table_.find(handle));
  EXPECT_NE(table_.find(handle), nullptr);
}

TEST_F(ProbeTableTest, DoesNotFindAProbeWithAnotherToken) {
  const Handle handle = add({1, 7});
  EXPECT_EQ(table_.find(Origin{1, 7}, handle.token + 1), nullptr);
}

TEST_F(ProbeTableTest, DoesNotFindAProbeOfAnotherChannelOrSequence) {
  const Handle handle = add({1, 7});
  EXPECT_EQ(table_.find(Origin{2, 7}, handle.token), nullptr);
  EXPECT_EQ(table_.find(Origin{1, 8}, handle.token), nullptr);
}

TEST_F(ProbeTableTest, DoesNotFindWhatWasErased) {
  const Handle handle = add({1, 7});
  table_.erase(handle);
  EXPECT_EQ(table_.find(handle), nullptr);
  EXPECT_EQ(table_.find(Origin{1, 7}, handle.token), nullptr);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(ProbeTableTest, AHandleDoesNotNameTheNextUserOfItsPlace) {
  const Handle first = add({1, 7});
  table_.erase(first);
  const Handle second = add({1, 8});
  EXPECT_EQ(first.index, second.index);
  EXPECT_EQ(table_.find(first), nullptr);
  table_.erase(first);
  EXPECT_NE(table_.find(second), nullptr);
}

TEST_F(ProbeTableTest, ADefaultHandleNamesNothing) {
  const Handle handle = add({0, 0});
  table_.erase(handle);
  EXPECT_EQ(table_.find(Handle{}), nullptr);
}

TEST_F(ProbeTableTest, KeepsProbesApartWhenTheSequenceNumberWraps) {
  std::vector<Handle> handles;
  for (std::uint32_t i = 0; i < 200'000; ++i)
    handles.push_back(add({1, static_cast<std::uint16_t>(i)}));
  for (std::uint32_t i = 0; i < handles.size(); ++i) {
    ASSERT_EQ(table_.find(Origin{1, static_cast<std::uint16_t>(i)}, handles[i].token),
              table_.find(handles[i]));
  }
}

TEST_F(ProbeTableTest, FindsTheOnlyProbeThatAnAnswerWithoutTokenCanMean) {
  const Handle handle = add({1, 7});
  add({1, 7}, kFar);
  EXPECT_EQ(table_.find_only({1, 7}, kNear), table_.find(handle));
}

TEST_F(ProbeTableTest, FindsNoneWhenAnAnswerWithoutTokenCouldMeanSeveral) {
  const Handle first = add({1, 7});
  const Handle second = add({1, 7});
  EXPECT_EQ(table_.find_only({1, 7}, kNear), nullptr);
  table_.erase(first);
  EXPECT_EQ(table_.find_only({1, 7}, kNear), table_.find(second));
}

TEST_F(ProbeTableTest, UnlinksFromTheMiddleOfAChain) {
  const Handle a = add({1, 7});
  const Handle b = add({1, 7});
  const Handle c = add({1, 7});
  table_.erase(b);
  EXPECT_NE(table_.find(Origin{1, 7}, a.token), nullptr);
  EXPECT_EQ(table_.find(Origin{1, 7}, b.token), nullptr);
  EXPECT_NE(table_.find(Origin{1, 7}, c.token), nullptr);
}

}  // namespace
}  // namespace rtt::probers
