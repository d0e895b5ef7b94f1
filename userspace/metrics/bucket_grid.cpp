#include "metrics/bucket_grid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace rtt::metrics {
namespace {

// The native range is 2^-20 s (0.95 us) to 2^4 s.
constexpr int kLowestExponent = -20;
constexpr int kHighestExponent = 4;

// The largest whole number of nanoseconds that is not above the bound. A decimal bound such as
// 0.00003 is not exactly representable: what is a rounding error away from a whole number is that
// number.
std::uint64_t floor_ns(double seconds) {
  const double ns = seconds * 1e9;
  const double nearest = std::round(ns);
  const bool whole = std::abs(ns - nearest) <= ns * 1e-14;
  return static_cast<std::uint64_t>(whole ? nearest : std::floor(ns));
}

// As Prometheus and its clients write a number, so that `le` is the same label for all.
std::string shortest_text(double value) {
  const auto format =
      value >= 1e-4 && value < 1e6 ? std::chars_format::fixed : std::chars_format::scientific;
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, format);
  return {text.data(), end};
}

// The values fall into slices, 16 to each power of two, so that a slice has few bounds to look at.
constexpr std::size_t kSlicesPerOctave = 16;
constexpr int kExactBits = 5;  // values up to here are slices of their own
constexpr std::size_t kSlices = (64 - kExactBits + 2) * kSlicesPerOctave;

std::size_t slice_of(std::uint64_t ns) {
  const int shift = std::max(static_cast<int>(std::bit_width(ns)) - kExactBits, 0);
  return static_cast<std::size_t>(shift) * kSlicesPerOctave + static_cast<std::size_t>(ns >> shift);
}

// The lowest value of a slice.
std::uint64_t first_ns(std::size_t slice) {
  const std::size_t shift = std::max<std::size_t>(slice / kSlicesPerOctave, 1) - 1;
  return std::uint64_t{slice - shift * kSlicesPerOctave} << shift;
}

base::Result<void> check_classic_bounds(std::span<const double> bounds) {
  constexpr double kLargest = 1e6;  // beyond eleven days nothing is a round trip
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!(bounds[i] >= 1e-9 && bounds[i] <= kLargest)) {
      return base::Error{"bucket bound " + shortest_text(bounds[i]) +
                         " is out of range; allowed: 1e-09 to 1e+06 seconds"};
    }
    if (i > 0 && floor_ns(bounds[i]) <= floor_ns(bounds[i - 1])) {
      return base::Error{"bucket bound " + shortest_text(bounds[i]) + " does not lie above " +
                         shortest_text(bounds[i - 1]) + " by a nanosecond or more"};
    }
  }
  return {};
}

std::int32_t lowest_index(int schema) {
  return static_cast<std::int32_t>(std::ceil(kLowestExponent * std::exp2(schema)));
}

std::vector<std::uint64_t> native_bounds(int schema) {
  const auto last = static_cast<std::int32_t>(std::floor(kHighestExponent * std::exp2(schema)));
  std::vector<std::uint64_t> bounds_ns;
  for (std::int32_t k = lowest_index(schema); k <= last; ++k) {
    bounds_ns.push_back(floor_ns(std::exp2(k * std::exp2(-schema))));
  }
  return bounds_ns;
}

}  // namespace

base::Result<BucketGrid> BucketGrid::create(std::vector<double> classic_bounds,
                                            std::optional<int> native_schema) {
  if (auto checked = check_classic_bounds(classic_bounds); !checked) return checked.error();
  if (native_schema && (*native_schema < kMinSchema || *native_schema > kMaxSchema)) {
    return base::Error{"native schema " + std::to_string(*native_schema) +
                       " is out of range; allowed: -4 to 4"};
  }
  BucketGrid grid;
  grid.native_schema_ = native_schema;
  for (const double bound : classic_bounds) grid.bounds_ns_.push_back(floor_ns(bound));
  const auto native = native_schema ? native_bounds(*native_schema) : std::vector<std::uint64_t>();
  grid.bounds_ns_.insert(grid.bounds_ns_.end(), native.begin(), native.end());
  std::sort(grid.bounds_ns_.begin(), grid.bounds_ns_.end());
  grid.bounds_ns_.erase(std::unique(grid.bounds_ns_.begin(), grid.bounds_ns_.end()),
                        grid.bounds_ns_.end());
  if (grid.cell_count() > kMaxCells) {
    return base::Error{"the buckets and the native schema make " +
                       std::to_string(grid.cell_count()) +
                       " cells; allowed: " + std::to_string(kMaxCells)};
  }
  grid.fill_first_cells();
  const auto end_of = [&grid](std::uint64_t bound_ns) {
    return grid.cell_of(nanoseconds(static_cast<std::int64_t>(bound_ns))) + 1;
  };
  if (native_schema) grid.lowest_native_index_ = lowest_index(*native_schema);
  for (const std::uint64_t bound_ns : native) grid.native_ends_.push_back(end_of(bound_ns));
  for (const double bound : classic_bounds) {
    grid.classic_ends_.push_back(end_of(floor_ns(bound)));
    grid.classic_texts_.push_back(shortest_text(bound));
  }
  grid.classic_bounds_ = std::move(classic_bounds);
  return grid;
}

double BucketGrid::zero_threshold() const {
  return std::exp2(lowest_native_index_ * std::exp2(-native_schema_.value_or(0)));
}

std::size_t BucketGrid::cell_of(nanoseconds value) const {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  std::size_t cell = first_cells_[slice_of(ns)];
  while (cell < bounds_ns_.size() && bounds_ns_[cell] < ns) ++cell;
  return cell;
}

void BucketGrid::fill_first_cells() {
  for (std::size_t slice = 0; slice < kSlices; ++slice) {
    const auto bound = std::lower_bound(bounds_ns_.begin(), bounds_ns_.end(), first_ns(slice));
    first_cells_.push_back(static_cast<std::uint16_t>(bound - bounds_ns_.begin()));
  }
}

}  // namespace rtt::metrics
