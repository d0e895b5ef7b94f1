#include "targets/own_addresses.h"

#include <ifaddrs.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace rtt::targets {

base::Result<std::vector<base::IpAddress>> own_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) {
    return base::Error{"cannot list the addresses of this host: " +
                       std::generic_category().message(errno)};
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(first, freeifaddrs);
  std::vector<base::IpAddress> addresses;
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    const sa_family_t family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (const auto address = base::IpAddress::from_sockaddr(storage)) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace rtt::targets
