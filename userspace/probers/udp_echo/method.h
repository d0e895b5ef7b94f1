// The method "udp_echo": UDP echo (RFC 862).
#pragma once

#include "probers/method_table.h"

namespace rtt::probers::udp_echo {

[[nodiscard]] Method method();

}  // namespace rtt::probers::udp_echo
