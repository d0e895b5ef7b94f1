// The method "icmp": ICMP echo (RFC 792, RFC 4443).
#pragma once

#include "probers/method_table.h"

namespace rtt::probers::icmp {

[[nodiscard]] Method method();

}  // namespace rtt::probers::icmp
