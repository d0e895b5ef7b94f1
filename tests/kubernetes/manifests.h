// What the tree gives to a cluster: manifests as they stand, as kustomize puts them together, and as Helm renders them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rtt::kubernetes {

inline const std::filesystem::path kSource = RTT_SOURCE_DIR;

using Objects = std::vector<nlohmann::json>;

/// The documents of a YAML text, as Kubernetes reads them; empty ones are left out. A text that is
/// no YAML throws.
[[nodiscard]] Objects parse(const std::string& text);
[[nodiscard]] Objects read(const std::filesystem::path& file);

/// Every manifest in config/kubernetes, without the kustomizations.
[[nodiscard]] Objects manifests();

/// Whether there is a kubectl whose kustomize knows components.
[[nodiscard]] bool can_kustomize();
/// `kubectl kustomize` of a directory in the tree; throws when it fails, or warns.
[[nodiscard]] Objects kustomize(const std::string& directory);

/// `helm template` of the chart, with values such as "podMonitor.enabled=true"; throws when it fails.
[[nodiscard]] Objects helm(const std::vector<std::string>& values = {});

/// The only object of this kind; throws when there is none, or more than one.
[[nodiscard]] nlohmann::json only(const Objects& objects, const std::string& kind);
/// The container of the DaemonSet among them.
[[nodiscard]] nlohmann::json container(const Objects& objects);
/// The configuration of the exporter in the ConfigMap among them.
[[nodiscard]] std::string configuration(const Objects& objects);

}  // namespace rtt::kubernetes
