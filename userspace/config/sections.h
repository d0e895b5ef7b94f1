// One function per section of the file: reads the key of its name from the top level.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/listen_address.h"
#include "config/config.h"
#include "config/map_reader.h"

namespace rtt::config {

[[nodiscard]] HistogramConfig read_histogram(MapReader& root);
[[nodiscard]] std::size_t read_max_series(MapReader& root);
[[nodiscard]] PassiveConfig read_passive(MapReader& root);
[[nodiscard]] std::vector<base::ListenAddress> read_echo_server(MapReader& root);
[[nodiscard]] std::optional<ProbeEndpoint> read_probe_endpoint(MapReader& root);
/// A probe with a problem is in the result nevertheless, so that targets can name it.
[[nodiscard]] std::vector<Probe> read_probes(MapReader& root,
                                             std::span<const MethodSchema> methods);
/// `discovered_taken`: no target may be called kDiscoveredTarget.
[[nodiscard]] std::vector<Target> read_targets(MapReader& root, const std::vector<Probe>& probes,
                                               bool discovered_taken);
[[nodiscard]] DnsConfig read_dns(MapReader& root);
/// Precondition: `probes` and `passive` were read. Methods that make TCP connections cannot be named.
[[nodiscard]] std::optional<PassivePeers> read_passive_peers(MapReader& root,
                                                             const std::vector<Probe>& probes,
                                                             const PassiveConfig& passive,
                                                             std::span<const MethodSchema> methods);

}  // namespace rtt::config
