// What OpenMetrics 1.0 wants differently from the text format 0.0.4.
#include <gmock/gmock.h>

#include "metrics/family_writer.h"

namespace rtt::metrics {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenMetrics : public ::testing::Test {
 protected:
  std::string out_;
  const std::unique_ptr<FamilyWriter> writer_ = create_writer(Format::kOpenMetrics, out_);
  const SeriesKey key_{R"(target="db")", WallTime(std::chrono::milliseconds(1'700'000'000'250))};
};

TEST_F(OpenMetrics, ACountersFamilyIsItsNameWithoutTotal) {
  writer_->begin_family("rtt_probes_sent_total", FamilyType::kCounter, "Probes started.");
  writer_->sample(key_, std::uint64_t{7});
  writer_->end_family();
  EXPECT_EQ(out_,
            "# HELP rtt_probes_sent Probes started.\n"
            "# TYPE rtt_probes_sent counter\n"
            "rtt_probes_sent_total{target=\"db\"} 7\n"
            "rtt_probes_sent_created{target=\"db\"} 1700000000.25\n");
}

TEST_F(OpenMetrics, AFurtherLabelStandsAtTheCreationTimeToo) {
  writer_->begin_family("rtt_probes_failed_total", FamilyType::kCounter, "Failed.");
  writer_->sample(key_, {"reason", "refused"}, 1);
  EXPECT_THAT(out_, EndsWith("rtt_probes_failed_total{target=\"db\",reason=\"refused\"} 1\n"
                             "rtt_probes_failed_created{target=\"db\",reason=\"refused\"} "
                             "1700000000.25\n"));
}

TEST_F(OpenMetrics, TheUnitIsWhatTheNameEndsIn) {
  writer_->begin_family("process_cpu_seconds_total", FamilyType::kCounter, "CPU.");
  EXPECT_THAT(out_, HasSubstr("# UNIT process_cpu_seconds seconds\n"));
  writer_->begin_family("process_resident_memory_bytes", FamilyType::kGauge, "Memory.");
  EXPECT_THAT(out_, HasSubstr("# UNIT process_resident_memory_bytes bytes\n"));
  writer_->begin_family("rtt_tcp_connections", FamilyType::kGauge, "Connections.");
  EXPECT_THAT(out_, Not(HasSubstr("UNIT rtt_tcp_connections")));
}

TEST_F(OpenMetrics, AGaugeHasNoCreationTime) {
  writer_->begin_family("rtt_source_up", FamilyType::kGauge, "Up.");
  writer_->sample(key_, 1.0);
  EXPECT_THAT(out_, EndsWith("rtt_source_up{target=\"db\"} 1\n"));
}

TEST_F(OpenMetrics, QuotesInAHelpTextAreEscaped) {
  writer_->begin_family("a", FamilyType::kGauge, R"(Of "other" and \.)");
  EXPECT_THAT(out_, HasSubstr(R"(# HELP a Of \"other\" and \\.)"));
}

TEST_F(OpenMetrics, BoundsAreFloatsAndTheHistogramEndsWithItsCreationTime) {
  const auto grid = std::make_shared<const BucketGrid>(*BucketGrid::create({0.0001, 1}, 3));
  Histogram histogram(grid);
  histogram.observe(std::chrono::milliseconds(2));
  std::vector<CellCount> cells;
  const HistogramReading reading = histogram.read(cells);
  writer_->begin_family("rtt_seconds", FamilyType::kHistogram, "RTT.");
  writer_->histogram(key_, *grid, reading, reading.cells(cells));
  EXPECT_THAT(out_, EndsWith("rtt_seconds_bucket{target=\"db\",le=\"0.0001\"} 0\n"
                             "rtt_seconds_bucket{target=\"db\",le=\"1.0\"} 1\n"
                             "rtt_seconds_bucket{target=\"db\",le=\"+Inf\"} 1\n"
                             "rtt_seconds_sum{target=\"db\"} 0.002\n"
                             "rtt_seconds_count{target=\"db\"} 1\n"
                             "rtt_seconds_created{target=\"db\"} 1700000000.25\n"));
}

TEST_F(OpenMetrics, EndsWithEof) {
  writer_->begin_family("a", FamilyType::kGauge, "A.");
  writer_->end_family();
  writer_->finish();
  EXPECT_THAT(out_, EndsWith("\n# EOF\n"));
}

}  // namespace
}  // namespace rtt::metrics
