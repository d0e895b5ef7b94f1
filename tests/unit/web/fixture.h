// A small program behind the web server: series with values, and switches for what it says.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/exposition.h"
#include "metrics/series_store.h"
#include "web/server.h"

namespace rtt::web {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::shared_ptr<const metrics::BucketGrid> small_grid() {
  auto grid = metrics::BucketGrid::create({0.001, 0.01, 0.1}, 3);
  return std::make_shared<const metrics::BucketGrid>(std::move(*grid));
}

/// Collects series as the daemon does, under the names that a test gives.
class SeriesSketch {
 public:
  explicit SeriesSketch(std::size_t max_series = 100'000)
      : builder_(small_grid(), max_series, metrics::SeriesSet()) {}

  std::shared_ptr<metrics::ProbeSeries> probe(const std::string& target, const std::string& peer,
                                              const std::string& method) {
    return builder_.probe({target, peer, {}}, method, {metrics::FailureReason::kRefused});
  }
  std::shared_ptr<metrics::Series> passive(const std::string& target, const std::string& peer,
                                           const std::string& method) {
    return builder_.passive({target, peer, {}}, method);
  }
  std::shared_ptr<const metrics::SeriesSet> build() { return std::move(builder_).build(); }

 private:
  metrics::SeriesSet::Builder builder_;
};

inline void reply(metrics::ProbeSeries& series, std::chrono::nanoseconds rtt) {
  series.sent();
  series.replied(rtt);
}

inline void lose(metrics::ProbeSeries& series) {
  series.sent();
  series.lost();
}

struct Program {
  metrics::ExporterMetrics exporter;
  metrics::SeriesStore store;
  metrics::Exposition exposition{store, exporter};
  std::vector<Backend::Source> sources;
  base::Result<void> reload_outcome;
  int reloads = 0;
  bool ready = true;

  Backend backend() {
    return {.exposition = exposition,
            .store = store,
            .sources = [this] { return sources; },
            .reload =
                [this] {
                  ++reloads;
                  return reload_outcome;
                },
            .ready = [this] { return ready; }};
  }
};

inline ServerOptions plain_options() { return {.telemetry_path = "/metrics", .version = "1.2.3"}; }

inline base::Result<std::unique_ptr<Server>> serve_on(const std::vector<std::string>& addresses,
                                                      const ServerOptions& options,
                                                      Backend backend) {
  std::vector<base::ListenAddress> parsed;
  for (const std::string& text : addresses) parsed.push_back(*base::ListenAddress::parse(text));
  auto sockets = listen_on(parsed);
  if (!sockets) return sockets.error();
  return Server::create(*std::move(sockets), options, std::move(backend));
}

}  // namespace rtt::web
