// A link between two namespaces with a programmable delay, jitter, loss, duplication, reordering
// and rate in each direction: the stand-in for netem, and the ground truth of a test.
//
// It owns a TUN device in each namespace and forwards between them on a thread of its own, in real
// time if the system lets it, and keeps the CPUs from going idle. For every packet it records the delay that it really had, so that a
// test compares a measurement with the truth and not with the intention. Thread-safe. Errors are
// thrown (setup_error.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "support/awake_cpus.h"
#include "support/impairment.h"
#include "support/netns.h"

namespace rtt::support {

enum class Direction { kAToB, kBToA };

/// One packet that came into the link.
struct Passage {
  Direction direction;
  IpPacket packet;
  base::TimePoint entered;
  std::optional<base::nanoseconds> delay;  // until written to the other side; nothing: dropped
};

class DelayLink {
 public:
  struct Options {
    std::string device = "link0";  // the TUN's name, in both namespaces
    LinkAddresses addresses = LinkAddresses::unique();
    std::uint64_t seed = 1;
    unsigned mtu = 1500;
  };

  /// Up and without impairment. The namespaces may go before the link.
  DelayLink(const Namespace& a, const Namespace& b, Options options);
  DelayLink(const Namespace& a, const Namespace& b) : DelayLink(a, b, Options()) {}
  /// Packets on the way are gone.
  ~DelayLink();
  DelayLink(const DelayLink&) = delete;
  DelayLink& operator=(const DelayLink&) = delete;

  [[nodiscard]] const LinkAddresses& addresses() const { return addresses_; }

  /// For packets that enter from now on; those on the way keep their time.
  void set(Direction direction, const Impairment& impairment);
  void set_both(const Impairment& impairment);

  /// In the order in which they left or were dropped; at most the first kMaxPassages since the
  /// start or clear_passages().
  [[nodiscard]] std::vector<Passage> passages() const;
  void clear_passages();
  /// The median true delay of the packets that match; nothing if none does.
  [[nodiscard]] std::optional<base::nanoseconds> median_delay(Direction direction,
                                                              const PacketMatch& match) const;
  static constexpr std::size_t kMaxPassages = 500'000;

 private:
  class Forwarder;
  AwakeCpus awake_cpus_;
  const LinkAddresses addresses_;
  std::unique_ptr<Forwarder> forwarder_;
};

}  // namespace rtt::support
