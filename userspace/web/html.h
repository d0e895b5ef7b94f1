// Text for people, safe to stand in HTML.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rtt::web {

/// For element content and quoted attribute values.
[[nodiscard]] std::string escape_html(std::string_view text);
/// Three significant digits and a unit: "8.31 µs", "412 µs", "1.24 s". A negative value has a minus
/// sign.
[[nodiscard]] std::string format_rtt(std::chrono::nanoseconds value);
/// "1,234".
[[nodiscard]] std::string format_count(std::uint64_t value);

}  // namespace rtt::web
