// Two hosts joined by veth, the traffic between them, and what there is to know of its round trips:
// tcpdump's, the kernel's smoothed one, and the product's.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/passive_truth_samples.h"
#include "support/ack_rtt.h"
#include "support/netns.h"
#include "support/tcp_service.h"

namespace rtt::bench {

/// One exchange of which everybody has exactly one round trip.
struct PairedSample {
  base::nanoseconds captured;
  base::nanoseconds probed;    // method tcp_probe
  base::nanoseconds smoothed;  // tcpi_rtt right after the exchange
};

struct PairedSamples {
  std::vector<PairedSample> samples;
  std::size_t exchanges = 0;
};

/// One transfer.
struct BulkSamples {
  std::vector<base::nanoseconds> captured;
  std::vector<base::nanoseconds> smoothed;  // tcpi_rtt every millisecond
  ProbeSamples::Taken probed;
};

class TwoHosts {
 public:
  TwoHosts();

  struct Exchanges {
    bool ipv6 = false;
    int connections = 1;  // in turn
    int count = 0;
    bool pinned = true;           // the client's thread, to the first CPU
    bool scrape_between = false;  // as a program that works between its requests: caches are cold
  };
  [[nodiscard]] PairedSamples exchange(const Exchanges& wanted);
  /// Blocks of `block` bytes, each answered. `send_buffer` 0: the kernel's own choice.
  struct Transfer {
    std::size_t block = 0;
    int blocks = 0;
    int send_buffer = 0;
  };
  [[nodiscard]] BulkSamples send(const Transfer& wanted,
                                 const std::vector<base::nanoseconds>& bounds);

 private:
  [[nodiscard]] std::vector<support::AckRtt> truth(
      const std::vector<support::CapturedPacket>& capture, bool ipv6) const;

  support::Namespace here_;
  support::Namespace there_;
  support::LinkAddresses link_;
  support::TcpService echo_;
  support::TcpService sink_;
};

}  // namespace rtt::bench
