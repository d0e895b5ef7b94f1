#include "probers/path_watch.h"

#include <algorithm>
#include <utility>

namespace rtt::probers {

bool PathWatch::changed(std::uint32_t lane, const base::IpAddress& from, std::uint8_t hop_limit) {
  const auto seen = std::find_if(seen_.begin(), seen_.end(), [&](const Seen& candidate) {
    return candidate.lane == lane && candidate.from == from;
  });
  if (seen != seen_.end()) return std::exchange(seen->hop_limit, hop_limit) != hop_limit;
  if (seen_.size() == kMost) seen_.erase(seen_.begin());
  seen_.push_back({from, lane, hop_limit});
  return false;
}

}  // namespace rtt::probers
