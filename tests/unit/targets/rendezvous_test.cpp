#include "targets/rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace rtt::targets {
namespace {

using ::testing::ElementsAre;
using Texts = std::vector<std::string>;

Texts peers(int count) {
  Texts peers;
  for (int i = 0; i < count; ++i) peers.push_back("10.0.0." + std::to_string(i));
  return peers;
}

std::set<std::string> chosen(const std::string& node, const Texts& candidates, std::size_t count) {
  std::set<std::string> chosen;
  for (const std::size_t i : choose_subset(node, candidates, count)) chosen.insert(candidates[i]);
  return chosen;
}

// How many of `a` are not in `b`.
std::size_t lost(const std::set<std::string>& a, const std::set<std::string>& b) {
  return static_cast<std::size_t>(std::count_if(
      a.begin(), a.end(), [&](const std::string& peer) { return !b.contains(peer); }));
}

TEST(ChooseSubset, TakesAllWhenThereAreNoMore) {
  EXPECT_THAT(choose_subset("node", peers(3), 3), ElementsAre(0, 1, 2));
}

TEST(ChooseSubset, TakesAsManyAsAskedFor) {
  EXPECT_EQ(choose_subset("node", peers(100), 7).size(), 7U);
}

TEST(ChooseSubset, KeepsTheOrderOfTheCandidates) {
  const auto indices = choose_subset("node", peers(100), 20);
  EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end()));
}

TEST(ChooseSubset, DoesNotDependOnTheOrderOfTheCandidates) {
  Texts candidates = peers(100);
  const auto before = chosen("node", candidates, 10);
  std::reverse(candidates.begin(), candidates.end());
  EXPECT_EQ(chosen("node", candidates, 10), before);
}

// Another version or machine must choose the same.
TEST(ChooseSubset, IsTheSameForEver) {
  EXPECT_THAT(choose_subset("node", peers(20), 3), ElementsAre(3, 16, 18));
}

TEST(ChooseSubset, ACandidateThatWasNotChosenGoesWithoutATrace) {
  Texts candidates = peers(100);
  const auto before = chosen("node", candidates, 10);
  std::erase_if(candidates, [&](const std::string& peer) {
    return peer != candidates.front() && !before.contains(peer) && peer.ends_with('7');
  });
  EXPECT_EQ(chosen("node", candidates, 10), before);
}

TEST(ChooseSubset, AChosenCandidateThatGoesIsReplacedByOne) {
  Texts candidates = peers(100);
  const auto before = chosen("node", candidates, 10);
  std::erase(candidates, *before.begin());
  EXPECT_EQ(lost(before, chosen("node", candidates, 10)), 1U);
}

TEST(ChooseSubset, ACandidateThatComesDisplacesAtMostOne) {
  Texts candidates = peers(100);
  for (int i = 0; i < 50; ++i) {
    const auto before = chosen("node", candidates, 10);
    candidates.push_back("10.0.1." + std::to_string(i));
    ASSERT_LE(lost(before, chosen("node", candidates, 10)), 1U);
  }
}

TEST(ChooseSubset, NodesChooseDifferently) {
  const Texts candidates = peers(100);
  std::set<std::set<std::string>> choices;
  for (int node = 0; node < 50; ++node) {
    choices.insert(chosen("node" + std::to_string(node), candidates, 10));
  }
  EXPECT_EQ(choices.size(), 50U);
}

TEST(ChooseSubset, EveryCandidateIsChosenAboutAsOften) {
  const Texts candidates = peers(100);
  std::map<std::string, int> times;
  for (int node = 0; node < 1000; ++node) {
    for (const auto& peer : chosen("node" + std::to_string(node), candidates, 10)) ++times[peer];
  }
  // 100 each; the standard deviation is 9.5.
  EXPECT_EQ(times.size(), candidates.size());
  for (const auto& [peer, count] : times) {
    EXPECT_GT(count, 55) << peer;
    EXPECT_LT(count, 145) << peer;
  }
}

}  // namespace
}  // namespace rtt::targets
