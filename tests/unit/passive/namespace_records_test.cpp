#include "passive/namespace_records.h"

#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

constexpr NamespaceId kA{.device = 4, .inode = 100};
constexpr NamespaceId kB{.device = 4, .inode = 101};

void round(NamespaceRecords& records, std::initializer_list<NamespaceId> namespaces,
           bool complete = true, bool has_connections = true, bool whole = true) {
  records.begin_round();
  for (const NamespaceId id : namespaces) records.note(id, complete, has_connections);
  records.end_round(whole);
}

TEST(NamespaceRecords, HistoryIsOldInTheFirstRound) {
  NamespaceRecords records;
  records.begin_round();
  EXPECT_FALSE(records.find(kA).history_counts);
}

TEST(NamespaceRecords, HistoryCountsWhereTheLastRoundLooked) {
  NamespaceRecords records;
  round(records, {kA});
  EXPECT_TRUE(records.find(kA).history_counts);
}

TEST(NamespaceRecords, HistoryCountsInANamespaceThatIsNew) {
  NamespaceRecords records;
  round(records, {kA});
  EXPECT_TRUE(records.find(kB).history_counts);
}

TEST(NamespaceRecords, HistoryIsOldAfterALookThatFailed) {
  NamespaceRecords records;
  round(records, {kA}, false);
  EXPECT_FALSE(records.find(kA).history_counts);
}

TEST(NamespaceRecords, HistoryIsOldWhereTheLastRoundLeftNamespacesOut) {
  NamespaceRecords records;
  round(records, {kA}, true, true, false);
  EXPECT_FALSE(records.find(kB).history_counts);
  EXPECT_TRUE(records.find(kA).history_counts);
}

TEST(NamespaceRecords, HistoryIsOldAfterARoundThatWasBrokenOff) {
  NamespaceRecords records;
  round(records, {kA});
  records.forget();
  EXPECT_FALSE(records.find(kA).history_counts);
  EXPECT_FALSE(records.find(kB).history_counts);
}

TEST(NamespaceRecords, ConnectionsOfTheLastLookAreKnown) {
  NamespaceRecords records;
  round(records, {kA});
  EXPECT_TRUE(records.find(kA).had_connections);
  round(records, {kA}, true, false);
  EXPECT_FALSE(records.find(kA).had_connections);
}

TEST(NamespaceRecords, NamespacesThatAreGoneAreForgotten) {
  NamespaceRecords records;
  round(records, {kA, kB});
  round(records, {kB});
  EXPECT_EQ(records.size(), 1U);
  EXPECT_FALSE(records.find(kA).had_connections);
}

}  // namespace
}  // namespace rtt::passive
