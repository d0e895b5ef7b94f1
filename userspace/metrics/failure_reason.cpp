#include "metrics/failure_reason.h"

#include <array>

namespace rtt::metrics {

std::string_view to_string(FailureReason reason) {
  constexpr std::array<std::string_view, kFailureReasonCount> kNames = {
      "unresolved", "no_route",     "no_interface",  "unreachable", "ttl_exceeded", "too_big",
      "refused",    "disconnected", "not_connected", "bad_reply",   "tls",          "bad_status",
      "too_large",  "head_of_line", "send_error",    "cancelled"};
  return kNames.at(static_cast<std::size_t>(reason));
}

}  // namespace rtt::metrics
