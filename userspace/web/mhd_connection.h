// What a connection of libmicrohttpd says about its client and its request. For the thread that serves
// it, except has_hung_up().
#pragma once

#include <microhttpd.h>

#include "base/ip_address.h"
#include "web/http.h"

namespace rtt::web {

/// Of the connection; open as long as it is.
[[nodiscard]] int fd_of(MHD_Connection* connection);
[[nodiscard]] base::IpAddress address_of(MHD_Connection* connection);
/// Whether nobody waits for an answer any more. A client that has only said that it will send nothing
/// more counts as gone: the two cannot be told apart. Any thread.
[[nodiscard]] bool has_hung_up(int fd);

/// Its names and headers live as long as the request.
[[nodiscard]] Request to_request(MHD_Connection* connection, const char* method, const char* path);
/// More than any request needs, or of unknown size.
[[nodiscard]] bool has_large_body(MHD_Connection* connection);

}  // namespace rtt::web
