// What a request to /probe asks for, checked.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "web/probing.h"

namespace rtt::app {

struct ProbeQuery {
  std::string target;  // as asked: a host name or an IP literal
  config::Probe probe;
  base::nanoseconds window{};  // from the request to the answer
};

/// `probes`: what `module` may name. The window is the scrape timeout less a quarter of it, or less
/// 0.5 s where that is less, for the way of request and answer; never more than 30 s, and 5 s when the
/// request does not say. Error: what is wrong and what is allowed.
[[nodiscard]] base::Result<ProbeQuery> parse_probe_query(const web::ProbeRequest& request,
                                                         const std::vector<config::Probe>& probes);

}  // namespace rtt::app
