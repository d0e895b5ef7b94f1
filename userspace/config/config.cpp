#include "config/config.h"

namespace rtt::config {
namespace {

bool equal_options(const MethodOptions* a, const MethodOptions* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->equals(*b);
}

}  // namespace

// Two methods' options are never compared: equals() may rely on its own type.
bool Probe::operator==(const Probe& other) const {
  return name == other.name && method == other.method && interval == other.interval &&
         timeout == other.timeout && ip_family == other.ip_family &&
         equal_options(options.get(), other.options.get());
}

}  // namespace rtt::config
