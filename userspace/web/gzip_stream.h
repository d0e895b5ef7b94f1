// The content coding gzip (RFC 1952), by zlib.
#pragma once

#include "web/http.h"

namespace rtt::web {

/// Makes the body what it is compressed, for speed: a scrape is read once. Leaves it alone when there is no memory for
/// that. Precondition: the response has a stream.
void compress(Response& response);

}  // namespace rtt::web
