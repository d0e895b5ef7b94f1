// The buckets of a Prometheus native histogram, from counts on the grid.
//
// Every cell lies in exactly one native bucket (bucket_grid.h), so nothing is interpolated. Values up to the grid's
// lowest native bound are the zero bucket. Above the highest one, 16 s or less, ends what the grid tells apart: longer
// round trips count in the bucket right above it.
//
// Source: the schema, spans and deltas of the Prometheus protobuf format (histogram of io.prometheus.client).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/histogram.h"

namespace rtt::metrics {

/// Buckets that are not empty, and few between them that are.
struct SparseBuckets {
  struct Span {
    std::int32_t offset;  // from the end of the span before; the first one: its bucket's index
    std::uint32_t length;

    bool operator==(const Span&) const = default;
  };
  std::uint64_t zero_count = 0;
  std::vector<Span> spans;
  std::vector<std::int64_t> deltas;  // of a bucket's count from the count of the bucket before
};

/// Overwrites `into`, whose memory is used again. `cells`: of the grid, rising. Precondition: it has a
/// native schema.
void to_native(const BucketGrid& grid, std::span<const CellCount> cells, SparseBuckets& into);

}  // namespace rtt::metrics
