#include "support/impairment.h"

#include <memory>
#include <utility>

namespace rtt::support {

PacketMatch every_nth(std::uint64_t n, PacketMatch match) {
  // Shared, because a std::function is copied on its way to the link.
  return [n, match = std::move(match), seen = std::make_shared<std::uint64_t>(0)](
             const IpPacket& packet) { return match(packet) && ++*seen % n == 0; };
}

}  // namespace rtt::support
