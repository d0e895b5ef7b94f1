// How many segments went to each remote address inside some networks: who this host talks to most.
//
// Costs one comparison per connection while there are no networks. Memory is bounded: of more than
// kMaxAddresses the less busy half is forgotten, and counted, so that what is busy stays. An address
// that sends its segments evenly in small portions can be forgotten beside thousands that are busier.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "base/random.h"

namespace rtt::passive {

struct ActiveRemote {
  base::IpAddress address;
  std::uint64_t segments = 0;  // sent, since the last question
};

class RemoteActivity {
 public:
  static constexpr std::size_t kMaxAddresses = 16'384;

  /// Only addresses inside these count from here on; none: nothing does. What counted in networks
  /// that stay is kept.
  void set_networks(const std::vector<base::IpPrefix>& networks);

  /// Growth of one connection's segments.
  void add(const base::IpAddress& remote, std::uint32_t segments) {
    if (segments != 0 && !networks_.empty()) count(remote, segments);
  }

  /// At most `most` of the addresses for which `wanted` (if there is one) is true, the busiest
  /// first, equals by address. Then all starts anew.
  [[nodiscard]] std::vector<ActiveRemote> take_busiest(
      std::size_t most, const std::function<bool(const base::IpAddress&)>& wanted = {});

  /// Addresses that were forgotten for want of room, since the beginning.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Words {
    std::uint64_t high;
    std::uint64_t low;
  };
  struct Network {
    Words mask;
    Words value;
  };
  struct Entry {
    base::IpAddress address;
    std::uint64_t segments = 0;  // 0: free
  };

  [[nodiscard]] static Words words(const base::IpAddress& address);
  [[nodiscard]] bool is_inside(const Words& words) const;
  void count(const base::IpAddress& remote, std::uint32_t segments);
  [[nodiscard]] Entry& find(const base::IpAddress& address);
  void make_room();
  void refill(const std::vector<Entry>& entries);

  std::uint64_t seed_ = base::random_u64();
  std::vector<Network> networks_;
  std::vector<Entry> entries_;  // open addressing, linear probing; a power of two
  std::size_t used_ = 0;
  std::vector<Entry> kept_;  // for make_room(), here only for its memory
  std::uint64_t dropped_ = 0;
};

}  // namespace rtt::passive
