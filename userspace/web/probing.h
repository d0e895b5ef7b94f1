// What the page /probe needs from the rest of the program: measuring on request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/series_store.h"

namespace rtt::web {

struct ProbeRequest {
  std::vector<std::pair<std::string, std::string>> parameters;  // of the query, decoded, as sent
  std::string scrape_timeout;  // the header of Prometheus, seconds; empty when it was not sent
};

struct ProbeAnswer {
  int status = 200;
  std::string refusal;                               // a sentence; only if status is not 200
  std::shared_ptr<const metrics::SeriesSet> series;  // what was measured; only if it is
};

/// Every function may be called from any thread.
class Probing {
 public:
  /// Must not block. Called exactly once per request, on any thread.
  using Done = std::function<void(ProbeAnswer)>;

  virtual ~Probing() = default;
  /// Whether there is a page /probe.
  [[nodiscard]] virtual bool is_enabled() const = 0;
  /// Begins and returns; `done` may be called before that. `is_abandoned` says whether the client
  /// has gone, so that nobody waits for the answer; not to be called after `done`.
  virtual void probe(const ProbeRequest& request, std::function<bool()> is_abandoned,
                     Done done) = 0;
};

}  // namespace rtt::web
