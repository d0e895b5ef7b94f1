// Two hosts joined by a link with netem, and the daemon that measures one from the other in every way.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "support/metrics_text.h"
#include "support/netns.h"
#include "support/tcp_service.h"
#include "support/udp_service.h"

namespace rtt::kernels_test {

class KernelTest : public testing::Test {
 protected:
  static constexpr std::uint16_t kEchoPort = 7;
  static constexpr std::uint16_t kWebPort = 80;
  /// Around delays of 20 and 50 ms.
  static const std::string kFineHistogram;

  KernelTest();

  /// By netem, of what comes back. What leaves this host waits in its queue before the kernel stamps
  /// it, so that no clock of the packet's would see it.
  void set_delay(std::chrono::milliseconds delay) const;
  /// Every source and every method, each probe every 100 ms. Further targets may follow. `histogram`: that
  /// section.
  [[nodiscard]] std::string config(const std::string& histogram = kFineHistogram) const;
  /// `connections` of them, with one exchange each.
  void connect_and_exchange(const std::string& host, int connections) const;
  /// On one connection.
  void exchange_on_one_connection(const std::string& host, int exchanges) const;
  /// Of traffic to this address.
  [[nodiscard]] static double count(const support::Scrape& scrape, const std::string& method,
                                    const std::string& peer);

  support::Namespace here_;
  support::Namespace there_;
  const support::LinkAddresses link_;
  const support::TcpService echo_;
  const support::TcpService web_;
  const support::UdpService udp_echo_;
};

}  // namespace rtt::kernels_test
