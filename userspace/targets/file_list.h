// Which files a pattern names.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rtt::targets {

/// The paths, sorted. A path without wildcards names itself, whether there is a file or not;
/// wildcards do not match a leading dot. Nothing when the directory is there but cannot be read.
[[nodiscard]] std::optional<std::vector<std::string>> files_of(const std::string& pattern);

/// Whether nothing stands behind the name (any more), links followed; not when that cannot be told.
[[nodiscard]] bool is_gone(const std::string& path);

}  // namespace rtt::targets
