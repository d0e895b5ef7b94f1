// The page for people at "/": plain HTML, no script, readable without style.
#pragma once

#include <string>
#include <vector>

#include "web/peer_matrix.h"
#include "web/server.h"

namespace rtt::web {

/// Past it the page would be slow to read and to load; /metrics has everything.
inline constexpr std::size_t kMaxPageRows = 500;

struct PageContent {
  std::string version;
  std::string telemetry_path;
  bool ready = false;
  std::vector<Backend::Source> sources;
  PeerMatrix peers;
};

/// Every text of the content is escaped.
[[nodiscard]] std::string render_page(const PageContent& content);

}  // namespace rtt::web
