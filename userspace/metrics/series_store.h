// All series of the running configuration.
//
// A SeriesSet is immutable and belongs to one configuration. A reload builds the next set with
// SeriesSet::Builder from the current one: a series with equal labels is the same object again, so
// it keeps its counts; others start at zero or go. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "metrics/series.h"

namespace rtt::metrics {

/// The method that the others are compared with.
inline constexpr const char* kReferenceMethod = "icmp";

class SeriesSet {
 public:
  class Builder;

  /// A series and the one it is compared with: same peer (whoever owns the sockets), reference method. As
  /// numbers, see rtt().
  struct Comparison {
    std::size_t series;
    std::size_t reference;
  };

  /// Series that were not planned: those of one peer and one owner.
  struct Addition {
    std::vector<std::shared_ptr<Series>> passive;
    std::shared_ptr<ConnectionSeries> connections;  // may be null
  };
  /// This set, and these after it.
  [[nodiscard]] std::shared_ptr<const SeriesSet> with(std::span<const Addition> additions) const;

  /// All in the order in which the builder was asked for them.
  [[nodiscard]] const std::vector<std::shared_ptr<Series>>& passive() const { return passive_; }
  [[nodiscard]] const std::vector<std::shared_ptr<ProbeSeries>>& probes() const { return probes_; }
  [[nodiscard]] const std::vector<std::shared_ptr<ConnectionSeries>>& connections() const {
    return connections_;
  }
  [[nodiscard]] const std::vector<Comparison>& comparisons() const { return comparisons_; }
  /// Histograms under rtt_seconds: what limits.max_series bounds.
  [[nodiscard]] std::size_t size() const { return passive_.size() + probes_.size(); }
  /// The series with a histogram under rtt_seconds, by number: all of probes(), then all of passive().
  [[nodiscard]] const Series& rtt(std::size_t number) const {
    return number < probes_.size() ? *probes_[number] : *passive_[number - probes_.size()];
  }
  /// Configured series that did not fit.
  [[nodiscard]] std::size_t dropped() const { return dropped_; }

 private:
  void compare_from(std::size_t first);

  std::vector<std::shared_ptr<Series>> passive_;
  std::vector<std::shared_ptr<ProbeSeries>> probes_;
  std::vector<std::shared_ptr<ConnectionSeries>> connections_;
  std::vector<Comparison> comparisons_;
  std::size_t dropped_ = 0;
};

/// Not thread-safe.
class SeriesSet::Builder {
 public:
  /// The series of `previous` must have been made with an equal grid.
  Builder(std::shared_ptr<const BucketGrid> grid, std::size_t max_series,
          const SeriesSet& previous);

  /// Whether `count` more series fit; if not, they are counted as dropped. Ask before passive() and probe(),
  /// except for what must always exist.
  [[nodiscard]] bool has_room(std::size_t count);
  [[nodiscard]] std::shared_ptr<Series> passive(const PeerLabels& peer, const std::string& method);
  [[nodiscard]] std::shared_ptr<ProbeSeries> probe(const PeerLabels& peer,
                                                   const std::string& method,
                                                   const std::vector<FailureReason>& reasons,
                                                   const ProbeFeatures& features = {});
  /// Does not count towards the limit: it always goes with a "tcp_info" series.
  [[nodiscard]] std::shared_ptr<ConnectionSeries> connections(const PeerLabels& peer);

  [[nodiscard]] std::shared_ptr<const SeriesSet> build() &&;

 private:
  using Key = std::pair<PeerLabels, std::string>;

  std::shared_ptr<const BucketGrid> grid_;
  std::size_t max_series_;
  std::map<Key, std::shared_ptr<Series>> previous_passive_;
  std::map<Key, std::shared_ptr<ProbeSeries>> previous_probes_;
  std::map<PeerLabels, std::shared_ptr<ConnectionSeries>> previous_connections_;
  std::shared_ptr<SeriesSet> set_ = std::make_shared<SeriesSet>();
};

/// The set in force.
class SeriesStore {
 public:
  [[nodiscard]] std::shared_ptr<const SeriesSet> current() const;
  void replace(std::shared_ptr<const SeriesSet> set);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const SeriesSet> current_ = std::make_shared<SeriesSet>();
};

}  // namespace rtt::metrics
