// YAML scalars as typed values, strictly: no guessing, no second spelling of a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/document.h"

namespace rtt::config {

/// Decimal, without leading zeros (which YAML 1.1 reads as octal), unquoted.
[[nodiscard]] std::optional<std::int64_t> to_integer(const Node& node);
/// Decimal or with an exponent, finite, unquoted.
[[nodiscard]] std::optional<double> to_number(const Node& node);
/// true or false, unquoted.
[[nodiscard]] std::optional<bool> to_boolean(const Node& node);
/// US-ASCII C0 and DEL.
[[nodiscard]] bool is_control(char c);
/// Any scalar but null, exactly as written; no control characters (a quoted scalar can have them).
[[nodiscard]] std::optional<std::string> to_text(const Node& node);

/// For problems: " is 'abc'", " is a list", " has no value".
[[nodiscard]] std::string description(const Node& node);

}  // namespace rtt::config
