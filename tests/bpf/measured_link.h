// Two hosts joined by a link, and the eBPF source counting their connections.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "passive/tcp_probe_source.h"
#include "support/netns.h"
#include "support/tcp_service.h"
#include "targets/classifier.h"
#include "targets/peer_table.h"

namespace rtt::bpf_test {

/// The source with the targets of a test; series with equal names stay the same over reloads.
class Measurement {
 public:
  explicit Measurement(std::vector<config::Target> targets);
  /// As the daemon does it: the next instance is attached, switched to, and the old one destroyed.
  void reload(std::vector<config::Target> targets);

  [[nodiscard]] targets::Classifier& classifier() { return *classifier_; }
  /// Never runs: the clock is not set during a test.
  [[nodiscard]] base::EventLoop& loop() { return loop_; }
  [[nodiscard]] passive::TcpProbeSource& source() { return *source_; }
  void stop() { source_.reset(); }

  /// Of everything that happened before the call.
  [[nodiscard]] metrics::Series::Snapshot snapshot(const std::string& target,
                                                   const std::string& method);
  [[nodiscard]] std::uint64_t count(const std::string& target, const std::string& method);
  /// An rtt_exporter_* value, summed over the series with these labels.
  [[nodiscard]] double exporter_value(const std::string& name,
                                      const std::map<std::string, std::string>& labels);

  [[nodiscard]] static std::shared_ptr<const metrics::BucketGrid> grid();

 private:
  void start(std::vector<config::Target> targets);
  [[nodiscard]] std::shared_ptr<metrics::Series> series(const targets::Peer& peer,
                                                        const std::string& method);

  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<metrics::Series>> series_;
  std::optional<targets::Classifier> classifier_;
  std::unique_ptr<passive::TcpProbeSource> source_;
};

[[nodiscard]] config::Target network_target(const std::string& name,
                                            const std::vector<std::string>& networks);
[[nodiscard]] config::Target port_target(const std::string& name, std::uint16_t port);

/// A test on two namespaces `client` and `server`, which echoes on port_.
class MeasuredLinkTest : public testing::Test {
 protected:
  // tcp_probe sees the connections of tests that run beside this one, too: each has ports of its own.
  const std::uint16_t port_ = static_cast<std::uint16_t>(10'000 + ::getpid() % 10'000 * 2);
  const std::uint16_t second_port_ = static_cast<std::uint16_t>(port_ + 1);

  void SetUp() override;
  /// The two hosts as targets "client" and "server", IPv4 and IPv6.
  [[nodiscard]] std::vector<config::Target> both_hosts() const;
  /// Opens a connection to the server, makes one exchange on it, closes it; `times` times.
  void connect_and_exchange(const std::string& host, int times) const;
  void connect_and_exchange(int times) const { connect_and_exchange(addresses_.b4, times); }
  [[nodiscard]] base::UniqueFd connect(const std::string& host) const;

  std::optional<support::Namespace> client_;
  std::optional<support::Namespace> server_;
  support::LinkAddresses addresses_;
  std::optional<support::TcpService> echo_;
};

}  // namespace rtt::bpf_test
