// The protobuf format as a reader of it sees it.
#include "metrics/protobuf_writer.h"

#include <gmock/gmock.h>
#include <google/protobuf/io/coded_stream.h>

#include "client_model.pb.h"

namespace rtt::metrics {
namespace {

namespace model = io::prometheus::client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<model::MetricFamily> read_families(const std::string& text) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(text.data()),
                                            static_cast<int>(text.size()));
  std::vector<model::MetricFamily> families;
  std::uint32_t size = 0;
  while (in.ReadVarint32(&size)) {
    const auto limit = in.PushLimit(static_cast<int>(size));
    EXPECT_TRUE(families.emplace_back().ParseFromCodedStream(&in));
    in.PopLimit(limit);
  }
  return families;
}

std::vector<std::pair<std::string, std::string>> labels_of(const model::Metric& metric) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const auto& label : metric.label()) labels.emplace_back(label.name(), label.value());
  return labels;
}

class Protobuf : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<model::MetricFamily> families() const { return read_families(out_); }

  // One histogram with values of 2 ms, 2 ms and 40 s.
  model::Histogram histogram(std::optional<int> native_schema) {
    const auto grid =
        std::make_shared<const BucketGrid>(*BucketGrid::create({0.001, 0.1}, native_schema));
    Histogram histogram(grid);
    for (const int ms : {2, 2, 40'000}) histogram.observe(std::chrono::milliseconds(ms));
    std::vector<CellCount> cells;
    const HistogramReading reading = histogram.read(cells);
    writer_.begin_family("rtt_seconds", FamilyType::kHistogram, "RTT.");
    writer_.histogram(key_, *grid, reading, reading.cells(cells));
    writer_.end_family();
    return families().at(0).metric(0).histogram();
  }

  std::string out_;
  ProtobufWriter writer_{out_};
  const SeriesKey key_{R"(target="d\"b",peer="c\\d\ne")",
                       WallTime(std::chrono::milliseconds(1'700'000'000'250))};
};

TEST_F(Protobuf, EachFamilyComesAfterItsLength) {
  writer_.begin_family("process_cpu_seconds_total", FamilyType::kCounter, "CPU.");
  writer_.sample(key_, 1.5);
  writer_.end_family();
  writer_.begin_family("rtt_source_up", FamilyType::kGauge, "Up.");
  writer_.sample({"", {}}, 0.0);
  writer_.sample(key_, std::uint64_t{1});
  writer_.end_family();
  const auto all = families();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name(), "process_cpu_seconds_total");
  EXPECT_EQ(all[0].help(), "CPU.");
  EXPECT_EQ(all[0].type(), model::COUNTER);
  EXPECT_EQ(all[0].unit(), "seconds");
  EXPECT_EQ(all[0].metric(0).counter().value(), 1.5);
  EXPECT_EQ(all[0].metric(0).counter().created_timestamp().seconds(), 1'700'000'000);
  EXPECT_EQ(all[0].metric(0).counter().created_timestamp().nanos(), 250'000'000);
  EXPECT_EQ(all[1].type(), model::GAUGE);
  ASSERT_EQ(all[1].metric_size(), 2);
  EXPECT_TRUE(all[1].metric(0).gauge().has_value());
  EXPECT_THAT(labels_of(all[1].metric(0)), IsEmpty());
  EXPECT_EQ(all[1].metric(1).gauge().value(), 1);
}

TEST_F(Protobuf, LabelsAreNotEscaped) {
  writer_.begin_family("rtt_probes_failed_total", FamilyType::kCounter, "Failed.");
  writer_.sample(key_, {"reason", "refused"}, 3);
  writer_.end_family();
  EXPECT_THAT(
      labels_of(families().at(0).metric(0)),
      ElementsAre(Pair("target", "d\"b"), Pair("peer", "c\\d\ne"), Pair("reason", "refused")));
}

TEST_F(Protobuf, AFamilyWithoutSamplesIsLeftOut) {
  writer_.begin_family("a", FamilyType::kGauge, "A.");
  writer_.end_family();
  writer_.finish();
  EXPECT_EQ(out_, "");
}

TEST_F(Protobuf, AHistogramHasItsClassicBuckets) {
  const model::Histogram histogram = this->histogram(std::nullopt);
  EXPECT_EQ(histogram.sample_count(), 3U);
  EXPECT_DOUBLE_EQ(histogram.sample_sum(), 40.004);
  ASSERT_EQ(histogram.bucket_size(), 2);
  EXPECT_EQ(histogram.bucket(0).upper_bound(), 0.001);
  EXPECT_EQ(histogram.bucket(0).cumulative_count(), 0U);
  EXPECT_EQ(histogram.bucket(1).upper_bound(), 0.1);
  EXPECT_EQ(histogram.bucket(1).cumulative_count(), 2U);
  EXPECT_FALSE(histogram.has_schema());
  EXPECT_EQ(histogram.positive_span_size(), 0);
}

// In schema 0, 2 ms lie in bucket -8, (2^-9, 2^-8], and what is above 16 s in bucket 5.
TEST_F(Protobuf, AHistogramHasItsNativeBucketsBesideTheClassicOnes) {
  const model::Histogram histogram = this->histogram(0);
  EXPECT_EQ(histogram.bucket_size(), 2);
  EXPECT_EQ(histogram.schema(), 0);
  EXPECT_EQ(histogram.zero_threshold(), 0x1p-20);
  EXPECT_TRUE(histogram.has_zero_count());
  ASSERT_EQ(histogram.positive_span_size(), 2);
  EXPECT_EQ(histogram.positive_span(0).offset(), -8);
  EXPECT_EQ(histogram.positive_span(0).length(), 1U);
  EXPECT_EQ(histogram.positive_span(1).offset(), 12);
  EXPECT_THAT(histogram.positive_delta(), ElementsAre(2, -1));
}

TEST_F(Protobuf, AnEmptyHistogramIsStillANativeOne) {
  const auto grid = std::make_shared<const BucketGrid>(*BucketGrid::create({0.001}, 3));
  writer_.begin_family("rtt_seconds", FamilyType::kHistogram, "RTT.");
  writer_.histogram(key_, *grid, {}, {});
  writer_.end_family();
  const model::Histogram histogram = families().at(0).metric(0).histogram();
  EXPECT_EQ(histogram.sample_count(), 0U);
  EXPECT_GT(histogram.zero_threshold(), 0);
}

}  // namespace
}  // namespace rtt::metrics
