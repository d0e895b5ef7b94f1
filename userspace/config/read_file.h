// A file's bytes.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace rtt::config {

/// At most the first `max_bytes`; of a pipe until its end. Error: "path: reason".
[[nodiscard]] base::Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

/// The whole of a regular file, never waiting for what only looks like one. Error: "path: reason",
/// also for anything but a regular file, and for one larger than `max_bytes`.
[[nodiscard]] base::Result<std::string> read_regular_file(const std::string& path,
                                                          std::size_t max_bytes);

}  // namespace rtt::config
