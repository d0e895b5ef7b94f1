#include "metrics/scrape.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rtt::metrics {
namespace {

// Small enough for a CPU's cache.
constexpr std::size_t kPiece = 16 * 1024;

// A bound above of what the largest histogram family takes while it is written: once as it grows and once in front of its length.
// A classic bucket is at most 22 bytes, an occupied cell at most 20 as a native one, and the rest of a series labels.
std::size_t largest_protobuf_family(const SeriesReadings& readings) {
  const auto series_bytes = [](const BucketGrid& grid, const SeriesKey& key) {
    return grid.classic_bounds().size() * 22 + 2 * key.labels.size() + 100;
  };
  std::size_t rtt = 0;
  for (std::size_t i = 0; i < readings.rtts.size(); ++i) {
    const Series& series = readings.set->rtt(i);
    rtt += series_bytes(series.grid(), series.key());
  }
  std::size_t phases = 0;
  for (const SeriesReadings::Http& http : readings.http) {
    phases += kHttpPhaseCount *
              series_bytes(http.series->grid(), http.series->key(HttpPhase::kFirstByte));
  }
  return 2 * (readings.cells.size() * 20 + std::max(rtt, phases));
}

}  // namespace

Scrape::Scrape(Format format, SeriesReadings readings, std::string other_families)
    : readings_(std::move(readings)),
      families_(peer_families(readings_)),
      other_families_(std::move(other_families)),
      family_memory_(format == Format::kProtobuf ? largest_protobuf_family(readings_) : 0),
      writer_(create_writer(format, piece_)) {}

std::size_t Scrape::read(char* to, std::size_t size) {
  std::size_t copied = 0;
  while (copied < size) {
    if (sent_ == piece_.size()) write_piece();
    if (piece_.empty()) break;
    const std::size_t length = std::min(size - copied, piece_.size() - sent_);
    std::memcpy(to + copied, piece_.data() + sent_, length);
    copied += length;
    sent_ += length;
  }
  return copied;
}

void Scrape::write_piece() {
  piece_.clear();
  sent_ = 0;
  for (; family_ < families_.size(); ++family_, number_ = 0) {
    const Family& family = families_[family_];
    if (number_ == 0) writer_->begin_family(family.name, family.type, family.help);
    while (number_ < family.size) {
      family.write(number_++, *writer_);
      if (piece_.size() >= kPiece) return;
    }
    writer_->end_family();
  }
  if (family_ == families_.size()) {
    piece_ += other_families_;
    ++family_;
  }
}

std::size_t Scrape::memory() const {
  return sizeof *this + readings_.memory() + other_families_.capacity() + 2 * kPiece +
         family_memory_;
}

}  // namespace rtt::metrics
