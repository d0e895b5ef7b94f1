#include "bench/passive_truth_samples.h"

#include <bpf/bpf.h>

#include <optional>
#include <utility>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "bpf/rtt_shared.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "passive/tcp_probe_mapping.h"
#include "passive/tcp_probe_object.h"
#include "passive/tcp_probe_source.h"
#include "support/setup_error.h"
#include "targets/classifier.h"
#include "targets/peer_table.h"

namespace rtt::bench {
namespace {

config::Config configuration(const std::string& remote) {
  const unsigned whole = remote.find(':') == std::string::npos ? 32 : 128;
  const std::string network = remote + "/" + std::to_string(whole);
  config::Target target;
  target.name = "far";
  target.networks.push_back({network, support::value_or_throw(base::IpPrefix::parse(network))});
  config::Config config;
  config.targets.push_back(std::move(target));
  return config;
}

std::shared_ptr<const metrics::BucketGrid> grid_of(const std::vector<base::nanoseconds>& bounds) {
  std::vector<double> seconds;
  for (const base::nanoseconds bound : bounds) seconds.push_back(base::to_seconds(bound));
  return std::make_shared<const metrics::BucketGrid>(
      support::value_or_throw(metrics::BucketGrid::create(std::move(seconds), std::nullopt)));
}

__u32 last_map() {
  __u32 id = 0;
  while (bpf_map_get_next_id(id, &id) == 0) {
  }
  return id;
}

// Of the source that was created after map `after`.
base::UniqueFd rows_map(__u32 after) {
  for (__u32 id = after; bpf_map_get_next_id(id, &id) == 0;) {
    base::UniqueFd fd(bpf_map_get_fd_by_id(id));
    bpf_map_info info{};
    __u32 size = sizeof info;
    if (!fd || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) continue;
    if (std::string_view(info.name) == "rtt_rows") return fd;
  }
  throw support::SetupError("the exporter's histograms are not there");
}

}  // namespace

struct ProbeSamples::Impl {
  base::EventLoop loop;  // never runs: the clock is not set meanwhile
  metrics::ExporterMetrics metrics;
  std::unique_ptr<passive::TcpProbeSource> source;
  passive::TcpProbeLayout layout;
  std::uint32_t row = 0;
  std::optional<passive::MappedArray> words;
  Taken total;

  [[nodiscard]] Taken read() const {
    Taken now{.cells = std::vector<std::uint64_t>(layout.cells)};
    for (std::uint32_t stripe = 0; stripe < layout.stripes; ++stripe) {
      std::size_t word =
          (std::size_t{stripe} * layout.peers * RTT_METHODS + row) * layout.words_per_row();
      now.sum += base::nanoseconds(words->load(word));
      word += passive::TcpProbeLayout::kWordsBeforeCells;
      for (std::uint64_t& cell : now.cells) cell += words->load(word++);
    }
    for (const std::uint64_t cell : now.cells) now.count += cell;
    return now;
  }
};

ProbeSamples::ProbeSamples(const std::string& remote, const std::vector<base::nanoseconds>& bounds)
    : impl_(std::make_unique<Impl>()) {
  const config::Config config = configuration(remote);
  const targets::PeerTable peers(config);
  const targets::Classifier classifier(peers, std::vector<bool>(peers.size(), true));
  const auto grid = grid_of(bounds);
  std::vector<passive::TcpProbeSource::SlotSeries> slots;
  for (const auto& peer : peers.peers()) {
    const metrics::PeerLabels labels{peer.target, peer.label, {}};
    slots.push_back({std::make_shared<metrics::Series>(labels, "tcp_probe", grid),
                     std::make_shared<metrics::Series>(labels, "tcp_handshake", grid)});
  }
  const __u32 last_before = last_map();
  impl_->source = support::value_or_throw(passive::TcpProbeSource::create(
      impl_->loop, *grid, classifier, std::move(slots), impl_->metrics, nullptr));
  impl_->source->activate();
  impl_->layout = passive::TcpProbeLayout::create(peers.size(), grid->cell_count(), 0);
  impl_->row = (peers.size() - 1) * RTT_METHODS + RTT_TCP_PROBE;
  const std::size_t words = std::size_t{impl_->layout.rows()} * impl_->layout.words_per_row();
  impl_->words = support::value_or_throw(
      passive::MappedArray::create(rows_map(last_before).get(), words, "rtt_rows"));
  impl_->total = impl_->read();
}

ProbeSamples::~ProbeSamples() = default;

ProbeSamples::Taken ProbeSamples::take() {
  Taken grown = impl_->read();
  Taken before = std::exchange(impl_->total, grown);
  grown.count -= before.count;
  grown.sum -= before.sum;
  for (std::size_t i = 0; i < grown.cells.size(); ++i) grown.cells[i] -= before.cells[i];
  return grown;
}

void ProbeSamples::collect() { impl_->source->collect(); }

}  // namespace rtt::bench
