#include "metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::metrics {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class ExpositionTest : public ::testing::Test {
 protected:
  void build() { store_.replace(std::move(builder_).build()); }
  [[nodiscard]] std::string text() {
    return text_of(*exposition_.scrape(Format::kText), 32 * 1024);
  }
  /// Read in pieces of so many bytes.
  [[nodiscard]] static std::string text_of(Scrape& scrape, std::size_t piece) {
    std::string text;
    std::string buffer(piece, '\0');
    while (const std::size_t size = scrape.read(buffer.data(), piece)) text.append(buffer, 0, size);
    return text;
  }

  const std::shared_ptr<const BucketGrid> grid_ =
      std::make_shared<const BucketGrid>(*BucketGrid::create({0.001, 0.01}, 3));
  const PeerLabels peer_{"db", "10.0.0.5", {}};
  SeriesStore store_;
  ExporterMetrics exporter_;
  Exposition exposition_{store_, exporter_};
  SeriesSet::Builder builder_{grid_, 100, SeriesSet()};
};

TEST_F(ExpositionTest, BucketsAreCumulativeAndEndWithInf) {
  const auto series = builder_.passive(peer_, "tcp_probe");
  series->observe(milliseconds(1));
  series->observe(milliseconds(2));
  series->observe(milliseconds(500));
  build();
  EXPECT_THAT(
      text(),
      HasSubstr(
          "rtt_seconds_bucket{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\",le=\"0.001\"} "
          "1\n"
          "rtt_seconds_bucket{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\",le=\"0.01\"} 2\n"
          "rtt_seconds_bucket{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\",le=\"+Inf\"} 3\n"
          "rtt_seconds_sum{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\"} 0.503\n"
          "rtt_seconds_count{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\"} 3\n"));
}

TEST_F(ExpositionTest, ThePiecesThatAScrapeIsReadInDoNotShow) {
  for (int i = 0; i < 100; ++i) {
    const PeerLabels peer{"db", "10.0.0." + std::to_string(i), {}};
    builder_.passive(peer, "tcp_probe")->observe(milliseconds(i));
    builder_.connections(peer)->set_connections(i);
  }
  exporter_.set_source_up("tcp_probe", true);
  build();
  const std::string whole = text_of(*exposition_.scrape(Format::kText), 1 << 20);
  EXPECT_EQ(text_of(*exposition_.scrape(Format::kText), 1), whole);
  EXPECT_EQ(text_of(*exposition_.scrape(Format::kText), 1000), whole);
  for (const char* family : {"rtt_seconds", "rtt_tcp_min_seconds", "rtt_tcp_connections"}) {
    const std::string type = std::string("# TYPE ") + family + " ";
    EXPECT_NE(whole.find(type), std::string::npos);
    EXPECT_EQ(whole.find(type), whole.rfind(type));
  }
}

// It is what bounds the answers that hung clients leave in memory.
TEST_F(ExpositionTest, TheMemoryOfAScrapeCoversTheFamiliesThatItWritesWhole) {
  for (int i = 0; i < 100; ++i) {
    const auto series = builder_.passive({"db", "10.0.0." + std::to_string(i), {}}, "tcp_probe");
    for (int value = 1; value < 1'000'000; value *= 3) {
      series->observe(std::chrono::microseconds(value));
    }
  }
  build();
  const auto scrape = exposition_.scrape(Format::kProtobuf);
  const std::size_t memory = scrape->memory();
  EXPECT_GE(memory, 2 * text_of(*scrape, 1 << 20).size());
}

TEST_F(ExpositionTest, AScrapeShowsWhatWasWhenItBegan) {
  const auto series = builder_.passive(peer_, "tcp_probe");
  const auto connections = builder_.connections(peer_);
  build();
  const auto scrape = exposition_.scrape(Format::kText);
  series->observe(milliseconds(1));
  connections->add_segments(1, 1);
  const std::string text = text_of(*scrape, 1000);
  EXPECT_THAT(text, HasSubstr("method=\"tcp_probe\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("rtt_tcp_segments_sent_total{target=\"db\",peer=\"10.0.0.5\"} 0\n"));
}

TEST_F(ExpositionTest, CountersExistAtZeroBeforeTheFirstProbe) {
  (void)builder_.probe(peer_, "icmp", {FailureReason::kUnreachable});
  build();
  const std::string labels = R"({target="db",peer="10.0.0.5",method="icmp")";
  for (const char* name : {"rtt_probes_sent_total", "rtt_probes_replied_total",
                           "rtt_probes_lost_total", "rtt_probes_late_total",
                           "rtt_probes_duplicate_total", "rtt_probes_in_flight", "rtt_probe_up"}) {
    EXPECT_THAT(text(), HasSubstr(name + labels + "} 0\n"));
  }
  EXPECT_THAT(text(),
              HasSubstr("rtt_probes_failed_total" + labels + ",reason=\"unreachable\"} 0\n"));
}

TEST_F(ExpositionTest, PathChangesExistAtZeroForTheMethodsThatSeeThem) {
  (void)builder_.probe(peer_, "icmp", {}, {.path_changes = true});
  (void)builder_.probe(peer_, "tcp_echo", {});
  build();
  const std::string sample = R"(rtt_path_changes_total{target="db",peer="10.0.0.5",method=)";
  EXPECT_THAT(text(), HasSubstr(sample + "\"icmp\"} 0\n"));
  EXPECT_THAT(text(), Not(HasSubstr(sample + "\"tcp_echo\"")));
}

TEST_F(ExpositionTest, DifferenceIsTheMethodsMedianMinusIcmps) {
  const auto icmp = builder_.probe(peer_, "icmp", {});
  const auto passive = builder_.passive(peer_, "tcp_probe");
  icmp->sent();
  icmp->replied(milliseconds(4));
  passive->observe(milliseconds(6));
  build();
  EXPECT_THAT(
      text(),
      HasSubstr(
          "rtt_difference_seconds{target=\"db\",peer=\"10.0.0.5\",method=\"tcp_probe\"} 0.002\n"));
}

TEST_F(ExpositionTest, DifferenceIsAbsentWithoutObservations) {
  (void)builder_.probe(peer_, "icmp", {});
  (void)builder_.passive(peer_, "tcp_probe");
  build();
  EXPECT_THAT(text(), Not(HasSubstr("rtt_difference_seconds{")));
}

TEST_F(ExpositionTest, ConnectionsOfAPeerAreExposed) {
  const auto connections = builder_.connections(peer_);
  connections->set_connections(3);
  connections->add_segments(100, 7);
  build();
  EXPECT_THAT(text(), HasSubstr("rtt_tcp_connections{target=\"db\",peer=\"10.0.0.5\"} 3\n"));
  EXPECT_THAT(
      text(),
      HasSubstr("rtt_tcp_segments_retransmitted_total{target=\"db\",peer=\"10.0.0.5\"} 7\n"));
}

TEST_F(ExpositionTest, CollectorsRunBeforeEachScrape) {
  struct Counting : Collector {
    void collect() override { ++calls; }
    int calls = 0;
  };
  const auto collector = std::make_shared<Counting>();
  exposition_.set_collectors({collector});
  (void)text();
  (void)text();
  EXPECT_EQ(collector->calls, 2);
}

TEST_F(ExpositionTest, SourcesShowWhetherTheyDeliver) {
  exporter_.set_source_up("tcp_probe", false);
  EXPECT_THAT(text(), HasSubstr("rtt_source_up{source=\"tcp_probe\"} 0\n"));
  exporter_.remove_source("tcp_probe");
  EXPECT_THAT(text(), Not(HasSubstr("rtt_source_up{")));
}

}  // namespace
}  // namespace rtt::metrics
