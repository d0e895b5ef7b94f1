#include "metrics/scrape.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rtt::metrics {
namespace {

// Small enough for a CPU's cache.
constexpr std::size_t kPiece = 16 * 1024;

}  // namespace

Scrape::Scrape(Format format, SeriesReadings readings, std::string other_families)
    : readings_(std::move(readings)),
      families_(peer_families(readings_)),
      other_families_(std::move(other_families)),
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
  return sizeof *this + readings_.memory() + other_families_.capacity() + 2 * kPiece;
}

}  // namespace rtt::metrics
