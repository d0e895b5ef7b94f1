#include "config/ip_family.h"

#include <sys/socket.h>

#include <array>

#include "config/read_choice.h"

namespace rtt::config {
namespace {

constexpr std::array<std::pair<std::string_view, IpFamily>, 3> kFamilies = {{
    {"any", IpFamily::kAny},
    {"ipv4", IpFamily::kIpv4},
    {"ipv6", IpFamily::kIpv6},
}};

}  // namespace

IpFamily read_ip_family(MapReader& reader) {
  return read_choice<IpFamily>(reader, "ip_family", kFamilies, IpFamily::kAny);
}

bool has_family(IpFamily wanted, int family) {
  if (wanted == IpFamily::kAny) return true;
  return family == (wanted == IpFamily::kIpv4 ? AF_INET : AF_INET6);
}

}  // namespace rtt::config
