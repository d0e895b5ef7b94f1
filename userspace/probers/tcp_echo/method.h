// The method "tcp_echo": echo (RFC 862) over one long-lived TCP connection.
#pragma once

#include "probers/method_table.h"

namespace rtt::probers::tcp_echo {

[[nodiscard]] Method method();

}  // namespace rtt::probers::tcp_echo
