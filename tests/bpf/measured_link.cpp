#include "measured_link.h"

#include <unistd.h>

#include "support/metrics_text.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::bpf_test {
std::shared_ptr<const metrics::BucketGrid> Measurement::grid() {
  static const auto kGrid = std::make_shared<const metrics::BucketGrid>(
      support::value_or_throw(metrics::BucketGrid::create({0.0001, 0.001, 0.01, 0.1, 1}, 3)));
  return kGrid;
}

Measurement::Measurement(std::vector<config::Target> targets) { start(std::move(targets)); }

void Measurement::reload(std::vector<config::Target> targets) { start(std::move(targets)); }

void Measurement::start(std::vector<config::Target> targets) {
  config::Config config;
  config.targets = std::move(targets);
  const targets::PeerTable peers(config);
  classifier_.emplace(peers, std::vector<bool>(peers.size(), true));
  std::vector<passive::TcpProbeSource::SlotSeries> slots;
  for (const auto& peer : peers.peers()) {
    slots.push_back({series(peer, "tcp_probe"), series(peer, "tcp_handshake")});
  }
  auto next = support::value_or_throw(passive::TcpProbeSource::create(
      loop_, *grid(), *classifier_, std::move(slots), metrics_, source_.get()));
  next->activate();
  source_ = std::move(next);
}

std::shared_ptr<metrics::Series> Measurement::series(const targets::Peer& peer,
                                                     const std::string& method) {
  auto& series = series_[{peer.target, method}];
  if (!series) {
    series =
        std::make_shared<metrics::Series>(metrics::PeerLabels{peer.target, "", {}}, method, grid());
  }
  return series;
}

metrics::Series::Snapshot Measurement::snapshot(const std::string& target,
                                                const std::string& method) {
  if (source_) source_->collect();
  return series_.at({target, method})->snapshot();
}

std::uint64_t Measurement::count(const std::string& target, const std::string& method) {
  return snapshot(target, method).histogram.count();
}

double Measurement::exporter_value(const std::string& name,
                                   const std::map<std::string, std::string>& labels) {
  if (source_) source_->collect();
  std::string text;
  metrics_.append_text(text);
  return support::value_or_throw(support::Scrape::parse(text)).sum(name, labels);
}

config::Target network_target(const std::string& name, const std::vector<std::string>& networks) {
  config::Target target;
  target.name = name;
  for (const auto& network : networks) {
    target.networks.push_back({network, support::value_or_throw(base::IpPrefix::parse(network))});
  }
  return target;
}

config::Target port_target(const std::string& name, std::uint16_t port) {
  config::Target target;
  target.name = name;
  target.local_ports = {port};
  return target;
}

void MeasuredLinkTest::SetUp() {
  if (geteuid() != 0 || !support::can_make_namespaces()) GTEST_SKIP() << "needs root";
  client_.emplace();
  server_.emplace();
  addresses_ = support::connect_by_veth(*client_, *server_);
  echo_.emplace(*server_, port_, support::echo);
}

std::vector<config::Target> MeasuredLinkTest::both_hosts() const {
  return {network_target("client", {addresses_.a4 + "/32", addresses_.a6 + "/128"}),
          network_target("server", {addresses_.b4 + "/32", addresses_.b6 + "/128"})};
}

base::UniqueFd MeasuredLinkTest::connect(const std::string& host) const {
  return client_->run([&] { return support::value_or_throw(support::connect_tcp(host, port_)); });
}

void MeasuredLinkTest::connect_and_exchange(const std::string& host, int times) const {
  client_->run([&] {
    for (int i = 0; i < times; ++i) {
      const auto fd = support::value_or_throw(support::connect_tcp(host, port_));
      if (!support::exchange(fd.get(), "ping")) throw support::SetupError("no echo");
    }
  });
}

}  // namespace rtt::bpf_test
