// The pieces that the keys of an http probe are read with.
#pragma once

#include "probers/http/options.h"

namespace rtt::probers::http {

/// An origin-form request target (RFC 9112 3.2.1): "/", printable ASCII, no fragment.
[[nodiscard]] std::string read_path(config::MapReader& reader, const std::string& default_path);
/// Default: 2xx and 3xx.
[[nodiscard]] StatusSet read_valid_status(config::MapReader& reader);
[[nodiscard]] std::vector<std::string> read_headers(config::MapReader& reader);
/// Of the mapping `download`.
[[nodiscard]] DownloadOptions read_download(config::MapReader& reader,
                                            const std::string& default_path);

}  // namespace rtt::probers::http
