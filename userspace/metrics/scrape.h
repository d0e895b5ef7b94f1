// A scrape's answer, written while it is sent: what a scrape keeps in memory is the readings that it was made from,
// a small part of their text. In the protobuf format also the family that is being sent, whose length comes before it.
//
// Not thread-safe; may move from thread to thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "metrics/peer_families.h"
#include "metrics/series_readings.h"

namespace rtt::metrics {

class Scrape {
 public:
  /// `other_families`: written already, in the same format; they come after those of the peers.
  Scrape(Format format, SeriesReadings readings, std::string other_families);
  Scrape(const Scrape&) = delete;
  Scrape& operator=(const Scrape&) = delete;

  /// Copies what comes next, at most `size` bytes; returns how many. 0: that was all.
  /// Precondition: size > 0.
  [[nodiscard]] std::size_t read(char* to, std::size_t size);
  /// Bytes that it takes itself.
  [[nodiscard]] std::size_t memory() const;

 private:
  void write_piece();

  const SeriesReadings readings_;
  const Families families_;
  const std::string other_families_;
  const std::size_t family_memory_;  // of a format that writes whole families
  std::size_t family_ = 0;           // where the next piece begins
  std::size_t number_ = 0;           // in that family
  std::string piece_;
  std::size_t sent_ = 0;  // of the piece
  const std::unique_ptr<FamilyWriter> writer_;
};

}  // namespace rtt::metrics
