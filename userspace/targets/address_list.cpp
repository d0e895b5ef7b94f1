#include "targets/address_list.h"

#include <algorithm>
#include <unordered_set>

#include "config/ip_family.h"

namespace rtt::targets {

bool is_usable_peer(const base::IpAddress& address) {
  const auto& bytes = address.bytes();
  if (!address.is_v4()) return address != base::IpAddress() && bytes[0] != 0xff;
  const auto first = bytes.begin() + 12;
  const auto all = [&](std::uint8_t value) {
    return std::all_of(first, bytes.end(), [value](std::uint8_t byte) { return byte == value; });
  };
  const bool multicast = (*first & 0xf0) == 0xe0;
  return !all(0) && !all(0xff) && !multicast;
}

std::vector<base::IpAddress> merge_answer(const std::vector<base::IpAddress>& known,
                                          const std::vector<base::IpAddress>& answer) {
  std::unordered_set<base::IpAddress> left;
  for (const base::IpAddress& address : answer) {
    if (is_usable_peer(address)) left.insert(address);
  }
  std::vector<base::IpAddress> merged;
  const auto take = [&](const std::vector<base::IpAddress>& from) {
    for (const base::IpAddress& address : from) {
      if (merged.size() < kMaxAddressesPerName && left.erase(address) > 0) {
        merged.push_back(address);
      }
    }
  };
  take(known);
  take(answer);
  return merged;
}

std::vector<base::IpAddress> addresses_of_host(const std::vector<base::IpAddress>& addresses,
                                               config::IpFamily family) {
  std::vector<base::IpAddress> chosen;
  for (const base::IpAddress& address : addresses) {
    if (chosen.size() == kMaxAddressesPerHost) break;
    if (config::has_family(family, address.family())) chosen.push_back(address);
  }
  return chosen;
}

}  // namespace rtt::targets
