// A real Prometheus beside the daemon: it scrapes it every second into a temporary directory.
//
// Not thread-safe. Errors are thrown (support/setup_error.h).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::integration {

class PrometheusServer {
 public:
  /// On port 9090 inside the namespace, which must outlive it. With native histograms it stores
  /// those, and no classic one that comes with them.
  PrometheusServer(const support::Namespace& where, bool native_histograms);
  /// With these items of scrape_configs instead of the daemon's metrics.
  PrometheusServer(const support::Namespace& where, const std::string& scrape_configs);

  /// At the present.
  [[nodiscard]] nlohmann::json query(const std::string& expression) const;
  /// Over the last five minutes, a point per second.
  [[nodiscard]] nlohmann::json query_range(const std::string& expression) const;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& selector,
                                                      const std::string& label) const;

 private:
  PrometheusServer(const support::Namespace& where, const std::string& scrape_configs,
                   bool native_histograms);
  // The field "data" of the answer; throws with Prometheus' own error.
  [[nodiscard]] nlohmann::json get(const std::string& path) const;

  const support::Namespace& where_;
  support::TemporaryDirectory directory_;
  support::Process process_;
};

}  // namespace rtt::integration
