// What a client accepts (RFC 9110, 12.4.2, 12.5.1 and 12.5.3), among what this server has.
//
// Headers come from strangers: what cannot be parsed is passed over, element by element.
#pragma once

#include <string_view>

#include "metrics/exposition.h"

namespace rtt::web {

/// The format that an Accept header prefers: by weight, then by how exactly it is named, then by its place. The text
/// format if it accepts none, or says nothing.
[[nodiscard]] metrics::Format negotiate_format(std::string_view accept);

/// Whether an Accept-Encoding header wants gzip at least as much as no coding at all.
[[nodiscard]] bool wants_gzip(std::string_view accept_encoding);

/// The Content-Type of a response in this format.
[[nodiscard]] std::string_view content_type(metrics::Format format);

}  // namespace rtt::web
