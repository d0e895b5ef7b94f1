// The method "tcp_connect": TCP handshake (RFC 9293).
#pragma once

#include "probers/method_table.h"

namespace rtt::probers::tcp_connect {

[[nodiscard]] Method method();

}  // namespace rtt::probers::tcp_connect
