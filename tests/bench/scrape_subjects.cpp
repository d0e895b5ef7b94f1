#include "bench/scrape_subjects.h"

#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/ip_address.h"
#include "metrics/scrape.h"
#include "support/setup_error.h"
#include "support/socket.h"
#include "targets/classifier.h"

namespace rtt::bench {
namespace {

constexpr std::uint16_t kPort = 7000;

base::IpAddress address_of(std::size_t peer) {
  return base::IpAddress(in_addr{htonl(0x7f100001U + static_cast<std::uint32_t>(peer))});
}

targets::PeerTable peer_table(std::size_t peers) {
  config::Config config;
  config::Target& target = config.targets.emplace_back();
  target.name = "bench";
  for (std::size_t peer = 0; peer < peers; ++peer) {
    const base::IpAddress address = address_of(peer);
    target.networks.push_back({address.to_string() + "/32", base::IpPrefix(address)});
  }
  return targets::PeerTable(config);
}

std::shared_ptr<const metrics::BucketGrid> grid() {
  return std::make_shared<const metrics::BucketGrid>(
      metrics::BucketGrid::create(default_bounds(), 3).value());
}

}  // namespace

const std::vector<double>& default_bounds() {
  static const std::vector<double> kBounds = {
      0.00002, 0.00003, 0.00005, 0.000075, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.00075,
      0.001,   0.0015,  0.002,   0.003,    0.005,  0.0075,  0.01,   0.015,  0.02,   0.03,
      0.05,    0.075,   0.1,     0.15,     0.2,    0.3,     0.5,    0.75,   1,      3};
  return kBounds;
}

OurScrape::OurScrape(std::size_t peers) {
  const targets::PeerTable table = peer_table(peers);
  const targets::Classifier classifier(table, std::vector<bool>(table.size(), true));
  metrics::SeriesSet::Builder builder(grid(), 2 * table.size(), {});
  std::vector<passive::TcpProbeSource::SlotSeries> slots;
  for (const targets::Peer& peer : table.peers()) {
    const metrics::PeerLabels labels{peer.target, peer.label, {}};
    slots.push_back(
        {builder.passive(labels, "tcp_probe"), builder.passive(labels, "tcp_handshake")});
  }
  store_.replace(std::move(builder).build());
  auto source =
      passive::TcpProbeSource::create(loop_, *grid(), classifier, std::move(slots), metrics_, {});
  if (!source) throw support::SetupError(source.error().message);
  (*source)->activate();
  exposition_.set_collectors(
      {std::make_shared<metrics::ProcessMetrics>(metrics_), std::move(*source)});
  connect(peers);
}

OurScrape::~OurScrape() { exposition_.set_collectors({}); }

void OurScrape::connect(std::size_t peers) {
  const auto listener = support::listen_tcp(kPort);
  if (!listener) throw support::SetupError(listener.error().message);
  const base::SocketAddress remote(*base::IpAddress::parse("127.0.0.1"), kPort);
  for (std::size_t peer = 0; peer < peers; ++peer) {
    base::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const base::SocketAddress local(address_of(peer), 0);
    if (!client || ::bind(client.get(), local.get(), local.length) != 0 ||
        ::connect(client.get(), remote.get(), remote.length) != 0) {
      support::throw_errno("cannot connect");
    }
    base::UniqueFd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!server) support::throw_errno("cannot accept");
    connections_.push_back({std::move(client), std::move(server)});
  }
}

// The client's answer carries the ACK, which is the server's sample.
void OurScrape::exchange() const {
  for (const auto& [client, server] : connections_) {
    const bool exchanged =
        support::send_all(server.get(), "x") && support::receive_exactly(client.get(), 1) &&
        support::send_all(client.get(), "x") && support::receive_exactly(server.get(), 1);
    if (!exchanged) throw support::SetupError("a connection carries nothing");
  }
}

OurScrape::Text OurScrape::drain(metrics::Scrape& scrape, bool count_lines) {
  static std::array<char, 32 * 1024> piece;
  Text text;
  for (;;) {
    const std::size_t size = scrape.read(piece.data(), piece.size());
    if (size == 0) return text;
    text.bytes += size;
    if (count_lines) {
      text.lines += static_cast<std::size_t>(std::count(piece.data(), piece.data() + size, '\n'));
    }
  }
}

OurScrape::Text OurScrape::scrape(metrics::Format format, bool count_lines) {
  return drain(*exposition_.scrape(format), count_lines);
}

void OurScrape::write() const {
  metrics::Scrape scrape(metrics::Format::kText, metrics::SeriesReadings(store_.current(), 0), "");
  (void)drain(scrape, false);
}

void OurScrape::check_samples(std::size_t exchanges) const {
  for (const auto& series : store_.current()->passive()) {
    if (series->peer().target == targets::kOtherTarget) continue;
    const auto count = series->snapshot().histogram.count();
    if (count < (series->method() == "tcp_probe" ? exchanges : 1)) {
      throw support::SetupError(std::string(series->key().labels) + " lacks samples");
    }
  }
}

PrometheusCppScrape::PrometheusCppScrape(std::size_t peers) {
  auto& family = prometheus::BuildHistogram()
                     .Name("rtt_seconds")
                     .Help("Round-trip times by method.")
                     .Register(registry_);
  for (std::size_t peer = 0; peer < peers; ++peer) {
    for (const char* method : {"tcp_probe", "tcp_handshake"}) {
      auto& histogram = family.Add(
          {{"target", "bench"}, {"peer", address_of(peer).to_string() + "/32"}, {"method", method}},
          default_bounds());
      for (int i = 1; i < 100; ++i) histogram.Observe(i * 1e-5);
    }
  }
}

std::string PrometheusCppScrape::text() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace rtt::bench
