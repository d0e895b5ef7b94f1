// How problems quote and list what stands in the file.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rtt::config {

/// 'text', on one line: control characters escaped, cut when long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// "a, b, c"; cut when there are many.
[[nodiscard]] std::string listed(std::span<const std::string> names);

/// " (did you mean 'interval'?)" when one of the names is a typing error away, else "".
[[nodiscard]] std::string suggestion(std::string_view text, std::span<const std::string> names);

}  // namespace rtt::config
