// Is it UTF-8 (RFC 3629)?
#pragma once

#include <cstddef>
#include <string_view>

namespace rtt::config {

/// How many leading bytes are well-formed: no overlong forms, surrogates, or values past U+10FFFF.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace rtt::config
