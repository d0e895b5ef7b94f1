// The series as people read them: one row per peer, one column per method.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/series_store.h"

namespace rtt::web {

using std::chrono::nanoseconds;

struct Cell {
  enum class Probe { kPassive, kStarting, kUp, kDown };
  Probe probe = Probe::kPassive;
  std::optional<nanoseconds> median;      // of the last minute
  std::optional<nanoseconds> last;        // where single values are known
  std::optional<nanoseconds> difference;  // of the medians, to the reference method
  std::uint64_t finished = 0;             // probes: replied, lost or failed
  std::uint64_t unsuccessful = 0;         // of those: lost or failed
};

struct Row {
  std::string target;
  std::string peer;   // empty: what matches no configured peer
  std::string owner;  // of the sockets: "nginx.service"; empty: nobody, or not asked for
  std::map<std::string, Cell> cells;  // by method
  [[nodiscard]] bool has_probe_down() const;
};

struct PeerMatrix {
  std::vector<std::string> methods;  // active ones first, the reference method at the front
  // In the order of the configuration; the unmatched at the end. Owners' behind their peer's.
  std::vector<Row> rows;
  std::size_t peers = 0;        // rows that there would be without the limit
  std::size_t probes_down = 0;  // of all peers
  std::size_t series = 0;
  std::size_t series_dropped = 0;
};

/// Keeps `max_rows` rows, those with a probe that is down first.
[[nodiscard]] PeerMatrix tabulate(const metrics::SeriesSet& set, std::size_t max_rows);

}  // namespace rtt::web
