// The two ways to answer a scrape of the same families.
//
// Errors are thrown. The first one is used on a thread inside a namespace.
#pragma once

#include <prometheus/registry.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "metrics/exposition.h"
#include "metrics/process_metrics.h"
#include "passive/tcp_probe_source.h"

namespace rtt::bench {

/// The default classic bounds, which both use.
[[nodiscard]] const std::vector<double>& default_bounds();

/// The exporter's exposition over its BPF source: tcp_probe and tcp_handshake of so many peers, each
/// with one connection.
class OurScrape {
 public:
  explicit OurScrape(std::size_t peers);
  ~OurScrape();

  /// A sample for every peer: the next collect() or text() has every row to read.
  void exchange() const;
  void collect() { exposition_.collect(); }
  struct Text {
    std::size_t lines = 0;
    std::size_t bytes = 0;
  };
  /// As the HTTP server does it: every piece into the same memory. Counts the lines only if it has to.
  [[nodiscard]] Text text(bool count_lines = false) {
    return scrape(metrics::Format::kText, count_lines);
  }
  [[nodiscard]] Text scrape(metrics::Format format, bool count_lines = false);
  /// What collect() has brought.
  void write() const;
  /// Throws unless there is a sample of every peer for each of so many exchanges.
  void check_samples(std::size_t exchanges) const;

 private:
  struct Connection {
    base::UniqueFd client, server;
  };
  void connect(std::size_t peers);
  static Text drain(metrics::Scrape& scrape, bool count_lines);

  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  metrics::SeriesStore store_;
  metrics::Exposition exposition_{store_, metrics_};
  std::vector<Connection> connections_;
};

/// A registry of prometheus-cpp with as many histograms.
class PrometheusCppScrape {
 public:
  explicit PrometheusCppScrape(std::size_t peers);
  [[nodiscard]] std::string text() const;

 private:
  prometheus::Registry registry_;
};

}  // namespace rtt::bench
