// A target's constant labels, and what a label value may be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/map_reader.h"

namespace rtt::config {

/// The value of a label: one line of at most 256 bytes, not empty (Prometheus takes an empty value
/// for no label). Nothing, and noted under the name `what`, for anything else.
[[nodiscard]] std::optional<std::string> read_label_value(const Node& node, Place place,
                                                          std::string_view what,
                                                          ProblemList& problems);

/// One label. Nothing, and noted, when its name is none or reserved, or its value is not one.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> read_label(
    const Node::Entry& entry, ProblemList& problems);

/// The key `labels` of a target, sorted by name.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_labels(MapReader& target);

}  // namespace rtt::config
