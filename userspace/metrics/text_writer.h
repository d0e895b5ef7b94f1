// The text format 0.0.4 and OpenMetrics 1.0, which is text as well.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/family_writer.h"

namespace rtt::metrics {

class TextWriter final : public FamilyWriter {
 public:
  /// Precondition: a text format.
  TextWriter(std::string& out, Format format);

  void begin_family(std::string_view name, FamilyType type, std::string_view help) override;
  void end_family() override {}
  void finish() override;
  void sample(const SeriesKey& key, double value) override;
  void sample(const SeriesKey& key, std::uint64_t value) override;
  void sample(const SeriesKey& key, const Label& extra, std::uint64_t value) override;
  void histogram(const SeriesKey& key, const BucketGrid& grid, const HistogramReading& reading,
                 std::span<const CellCount> cells) override;

 private:
  // A piece of a line with room behind it: copied whole, which is faster than to copy what counts.
  template <std::size_t kRoom>
  struct Piece {
    std::array<char, kRoom> text;
    std::size_t size;
  };

  template <typename Number, typename... Extra>
  void write_sample(const SeriesKey& key, Number number, const Extra&... extra);
  void buckets(const BucketGrid& grid, std::uint64_t count, std::span<const CellCount> cells);
  void make_bounds(const BucketGrid& grid);
  void open(std::string_view suffix, std::string_view labels);
  void open(std::string_view suffix, std::string_view labels, const Label& extra);
  void value(std::uint64_t value);
  void value(double value);
  void created(WallTime time);

  std::string& out_;
  const bool open_metrics_;
  std::string_view name_;  // without the _total of a counter
  FamilyType type_ = FamilyType::kGauge;
  std::string bucket_;             // what the lines of a histogram begin with
  std::vector<Piece<32>> bounds_;  // what follows there, up to the count; +Inf last
};

}  // namespace rtt::metrics
