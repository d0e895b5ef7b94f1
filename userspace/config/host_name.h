// What may stand under `hosts`: a host name or an IP literal.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rtt::config {

/// The form in which two spellings of one host are equal: an address as RFC 5952 writes it, a name
/// in lower case without its final dot. Names as RFC 1123 2.1 has them, with underscores. Error:
/// what is wrong and what is allowed.
[[nodiscard]] base::Result<std::string> canonical_host(std::string_view text);

}  // namespace rtt::config
