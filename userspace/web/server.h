// The HTTP side: /, /metrics, /probe, /-/healthy, /-/ready, /-/reload.
//
// Runs on its own threads; create() and the destructor belong to the control thread. A client that
// sends or reads slowly, or not at all, holds up nobody: connections are served by event loops, and
// their number, their requests, the memory of their answers and the time of both are bounded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/listen_address.h"
#include "base/result.h"
#include "metrics/exposition.h"
#include "metrics/series_store.h"
#include "web/connection_table.h"
#include "web/listen_socket.h"
#include "web/probing.h"
#include "web/settings_file.h"

namespace rtt::web {

/// A scraper or two and some people; the rest is a mistake or worse. Requests are small.
inline constexpr ConnectionTable::Limits kDefaultLimits = {.connections = 256,
                                                           .response_bytes = 64 * 1024 * 1024,
                                                           .request_time = std::chrono::seconds(10),
                                                           .answer_time = std::chrono::seconds(60)};

struct ServerOptions {
  std::string telemetry_path;
  std::string version;               // for the page
  SettingsFile* settings = nullptr;  // must outlive the server; null: plain HTTP for everybody
  ConnectionTable::Limits limits = kDefaultLimits;
};

/// What the pages need from the rest of the program; every function may be called from any thread.
struct Backend {
  metrics::Exposition& exposition;
  const metrics::SeriesStore& store;
  /// Sources with whether they deliver and, if not, why.
  struct Source {
    std::string name;
    bool up;
    std::string reason;
  };
  std::function<std::vector<Source>()> sources;
  /// Blocks until the reload is done; must return when the program stops, because ~Server waits for
  /// it. Error: why the old configuration is still in force.
  std::function<base::Result<void>()> reload;
  /// Whether sources and listeners are up.
  std::function<bool()> ready;
  /// Must have answered every request before ~Server, and must answer then at once. Null: there is
  /// no page /probe.
  Probing* probing = nullptr;
};

class Server {
 public:
  /// Answers on these sockets from now on. Error: why its threads cannot start.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> create(
      std::vector<ListenSocket> sockets, const ServerOptions& options, Backend backend);
  /// Ends open connections; waits for no client, only for answers that are being worked out.
  ~Server();

  /// As bound: a port 0 replaced by the kernel's choice.
  [[nodiscard]] std::vector<base::ListenAddress> addresses() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::web
