#include "web/peer_matrix.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace rtt::web {
namespace {

using metrics::ProbeSeries;
using metrics::Series;
using metrics::SeriesSet;

struct Peer {
  const metrics::PeerLabels* labels;
  std::string owner;
  std::size_t number;                                                // by first appearance
  std::size_t peer_number;                                           // of the one without owner
  std::size_t target_number;                                         // likewise
  std::vector<std::pair<const Series*, const ProbeSeries*>> series;  // second: null when passive
  bool probe_down = false;
};

std::string owner_text(const metrics::PeerLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels.owner) {
    if (!value.empty()) text += (text.empty() ? "" : " ") + value;
  }
  return text;
}

class Peers {
 public:
  Peer& of(const Series& series) {
    const metrics::PeerLabels& labels = series.peer();
    const auto [known, added] =
        numbers_.try_emplace({labels.target, labels.peer, owner_text(labels)}, peers_.size());
    if (added) {
      const auto target = targets_.try_emplace(labels.target, targets_.size()).first;
      const std::size_t number = peers_.size();
      const auto peer = peer_numbers_.try_emplace({labels.target, labels.peer}, number).first;
      peers_.push_back(
          {&labels, std::get<2>(known->first), number, peer->second, target->second, {}, false});
    }
    return peers_[known->second];
  }

  // Those of one target together, the unmatched at the end.
  std::vector<Peer> in_order(bool down_first) && {
    std::ranges::sort(peers_, {}, [down_first](const Peer& peer) {
      return std::tuple(down_first && !peer.probe_down, peer.labels->peer.empty(),
                        peer.target_number, peer.peer_number, peer.number);
    });
    return std::move(peers_);
  }

  [[nodiscard]] std::size_t size() const { return peers_.size(); }

 private:
  std::map<std::tuple<std::string_view, std::string_view, std::string>, std::size_t> numbers_;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> peer_numbers_;
  std::map<std::string_view, std::size_t> targets_;
  std::vector<Peer> peers_;
};

bool is_down(const metrics::ProbeLedger& ledger) {
  return !ledger.up && ledger.replied + ledger.lost + ledger.failed_total() > 0;
}

// A fixed order, so that the columns stay where they are; what it does not know goes to the end.
std::vector<std::string> ordered_methods(const SeriesSet& set) {
  constexpr std::array<std::string_view, 9> kOrder = {
      metrics::kReferenceMethod, "tcp_connect", "tcp_echo", "udp_echo", "http",
      "tcp_handshake",           "tcp_probe",   "tcp_info", "forwarded"};
  std::set<std::pair<std::size_t, std::string>> methods;
  const auto add = [&](const Series& series) {
    const auto place = std::ranges::find(kOrder, series.method()) - kOrder.begin();
    methods.emplace(static_cast<std::size_t>(place), series.method());
  };
  for (const auto& series : set.probes()) add(*series);
  for (const auto& series : set.passive()) add(*series);
  std::vector<std::string> names;
  for (const auto& [place, name] : methods) names.push_back(name);
  return names;
}

Cell make_cell(const Series& series, const ProbeSeries* probe) {
  const Series::Snapshot snapshot = series.snapshot();
  Cell cell;
  cell.median = snapshot.median;
  cell.last = snapshot.last;
  if (probe == nullptr) return cell;
  const metrics::ProbeLedger ledger = probe->probe_snapshot().ledger;
  cell.unsuccessful = ledger.lost + ledger.failed_total();
  cell.finished = ledger.replied + cell.unsuccessful;
  cell.probe = cell.finished == 0 ? Cell::Probe::kStarting
               : ledger.up        ? Cell::Probe::kUp
                                  : Cell::Probe::kDown;
  return cell;
}

// Of the peer without owner, in the reference method.
using Medians = std::map<std::size_t, std::optional<nanoseconds>>;

// A row of an owner that comes before its peer's, as when too many are down, has no difference.
Row make_row(const Peer& peer, Medians& references) {
  Row row{peer.labels->target, peer.labels->peer, peer.owner, {}};
  for (const auto& [series, probe] : peer.series) {
    row.cells.emplace(series->method(), make_cell(*series, probe));
  }
  const auto own = row.cells.find(metrics::kReferenceMethod);
  if (own != row.cells.end()) references[peer.peer_number] = own->second.median;
  const auto reference = references.find(peer.peer_number);
  if (reference == references.end() || !reference->second) return row;
  for (auto& [method, cell] : row.cells) {
    if (cell.median && method != metrics::kReferenceMethod) {
      cell.difference = *cell.median - *reference->second;
    }
  }
  return row;
}

}  // namespace

bool Row::has_probe_down() const {
  return std::ranges::any_of(
      cells, [](const auto& entry) { return entry.second.probe == Cell::Probe::kDown; });
}

PeerMatrix tabulate(const SeriesSet& set, std::size_t max_rows) {
  PeerMatrix matrix;
  matrix.methods = ordered_methods(set);
  matrix.series = set.size();
  matrix.series_dropped = set.dropped();
  Peers peers;
  // First, because every peer has passive series in the usual configuration, but not every one is probed.
  for (const auto& series : set.passive()) {
    peers.of(*series).series.emplace_back(series.get(), nullptr);
  }
  for (const auto& series : set.probes()) {
    Peer& peer = peers.of(*series);
    peer.series.emplace_back(series.get(), series.get());
    if (!is_down(series->probe_snapshot().ledger)) continue;
    peer.probe_down = true;
    ++matrix.probes_down;
  }
  matrix.peers = peers.size();
  const bool too_many = peers.size() > max_rows;
  std::vector<Peer> shown = std::move(peers).in_order(too_many);
  if (too_many) shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(max_rows), shown.end());
  Medians references;
  for (const Peer& peer : shown) matrix.rows.push_back(make_row(peer, references));
  return matrix;
}

}  // namespace rtt::web
