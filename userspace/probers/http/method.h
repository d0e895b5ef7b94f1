// The method "http": one GET and its response (RFC 9110, RFC 9112).
#pragma once

#include "probers/method_table.h"

namespace rtt::probers::http {

[[nodiscard]] Method method();

}  // namespace rtt::probers::http
