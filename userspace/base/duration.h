// Durations as Prometheus writes them: "500ms", "1m", "1h30m". Units: ms, s, m, h, d, w, y, each at
// most once and in falling order; also us, for probe intervals below a millisecond.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rtt::base {

/// Error: what is wrong with the text and what is allowed. A bare "0" is allowed, a bare "5" is
/// not.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest text that parses back to the same value (rounded down to a microsecond).
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds value);

}  // namespace rtt::base
