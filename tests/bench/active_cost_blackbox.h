// blackbox_exporter with a client that asks it for one probe of every peer each second, as
// Prometheus does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/active_cost_programs.h"

namespace rtt::bench {

[[nodiscard]] std::unique_ptr<Program> start_blackbox(const support::Namespace& where,
                                                      const std::vector<std::string>& peers);

}  // namespace rtt::bench
