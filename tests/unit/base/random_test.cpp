#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>

namespace rtt::base {
namespace {

// Far more numbers than one block of the buffer holds.
constexpr int kNumbers = 1000;

TEST(Random, DoesNotRepeatItselfAcrossRefills) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < kNumbers; ++i) seen.insert(random_u64());
  EXPECT_EQ(seen.size(), kNumbers);
}

TEST(Random, GivesEachThreadItsOwnNumbers) {
  std::array<std::set<std::uint64_t>, 4> seen;
  std::array<std::thread, 4> threads;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([&mine = seen[i]] {
      for (int number = 0; number < kNumbers; ++number) mine.insert(random_u64());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::uint64_t> all;
  for (const auto& mine : seen) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), threads.size() * kNumbers);
}

TEST(Random, UsesEveryBit) {
  std::uint64_t any_set = 0;
  std::uint64_t all_set = ~std::uint64_t{0};
  for (int i = 0; i < kNumbers; ++i) {
    const std::uint64_t number = random_u64();
    any_set |= number;
    all_set &= number;
  }
  EXPECT_EQ(any_set, ~std::uint64_t{0});
  EXPECT_EQ(all_set, 0U);
}

}  // namespace
}  // namespace rtt::base
