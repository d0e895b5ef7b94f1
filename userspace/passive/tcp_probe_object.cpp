#include "passive/tcp_probe_object.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "bpf/bucket_table.h"
#include "bpf/rtt_shared.h"
// After the types that it uses.
#include "bpf/tcp_probe.skel.h"
#include "bpf/tcp_probe_old.skel.h"
#include "passive/tcp_probe_log.h"
#include "passive/tcp_probe_requirements.h"
#include "passive/tcp_probe_table.h"

namespace rtt::passive {
namespace {

constexpr std::size_t kRowBytesLimit = 8 << 20;
constexpr std::size_t kOwnerRowBytesLimit = 8 << 20;
constexpr std::size_t kRowBytesLimitWithOwners = 32 << 20;

std::uint32_t possible_cpus() {
  return static_cast<std::uint32_t>(std::max(1, libbpf_num_possible_cpus()));
}

base::Error load_error(std::string_view what, int status, const LibbpfLog& log) {
  base::Error error = bpf_error(what, -status);
  if (const std::string line = log.decisive_line(); !line.empty()) error.message += ": " + line;
  return error;
}

// Without owners the kernel sees nothing of them: the verifier takes out what uses these maps.
template <typename Skeleton>
int configure_owners(Skeleton& skeleton, const TcpProbeLayout& layout) {
  const auto& maps = skeleton.maps;
  const bool wanted = layout.owner_rows > 0;
  skeleton.rodata->owner_labels = wanted;
  for (bpf_map* map : {maps.rtt_cgroups, maps.rtt_pairs, maps.rtt_free_rows, maps.rtt_unlabelled}) {
    if (const int status = bpf_map__set_autocreate(map, wanted); status != 0) return status;
  }
  if (!wanted) return 0;
  int status = bpf_map__set_max_entries(maps.rtt_cgroups, RTT_MAX_CGROUPS);
  if (status == 0) status = bpf_map__set_max_entries(maps.rtt_pairs, layout.owner_rows);
  if (status == 0) status = bpf_map__set_max_entries(maps.rtt_free_rows, layout.owner_rows);
  return status;
}

template <typename Skeleton>
int configure(Skeleton& skeleton, const TcpProbeLayout& layout, const HandOver& hand_over) {
  const auto& maps = skeleton.maps;
  int status = bpf_map__set_value_size(
      maps.rtt_rows, layout.words_per_row() * static_cast<std::uint32_t>(sizeof(std::uint64_t)));
  if (status == 0) status = bpf_map__set_max_entries(maps.rtt_rows, layout.rows());
  if (status == 0) {
    status = bpf_map__set_max_entries(maps.rtt_local_ports, std::max(1u, layout.local_ports));
  }
  if (status == 0) status = bpf_map__reuse_fd(maps.rtt_state, hand_over.state_fd());
  if (status == 0) status = bpf_map__reuse_fd(maps.rtt_passed, hand_over.passed_fd());
  if (status == 0) status = configure_owners(skeleton, layout);
  return status;
}

}  // namespace

TcpProbeLayout TcpProbeLayout::create(std::size_t peers, std::size_t cells, std::size_t local_ports,
                                      std::size_t most_owner_rows) {
  TcpProbeLayout layout;
  layout.peers = static_cast<std::uint32_t>(peers);
  layout.cells = static_cast<std::uint32_t>(cells);
  layout.local_ports = static_cast<std::uint32_t>(local_ports);
  const std::size_t row_bytes = RTT_METHODS * layout.words_per_row() * sizeof(std::uint64_t);
  layout.owner_rows =
      static_cast<std::uint32_t>(std::min(most_owner_rows, kOwnerRowBytesLimit / row_bytes));
  const std::size_t stripe_bytes = (peers + layout.owner_rows) * row_bytes;
  const std::size_t limit = layout.owner_rows > 0 ? kRowBytesLimitWithOwners : kRowBytesLimit;
  while (layout.stripes < possible_cpus() && layout.stripes * 2 * stripe_bytes <= limit) {
    layout.stripes *= 2;
  }
  return layout;
}

std::uint32_t TcpProbeLayout::groups_per_row() const {
  return (cells + RTT_GROUP_CELLS - 1) / RTT_GROUP_CELLS;
}

std::uint32_t TcpProbeLayout::words_per_row() const {
  constexpr std::uint32_t kWordsPerCacheLine = 8;
  static_assert(kWordsBeforeCells * sizeof(std::uint64_t) == sizeof(rtt_row));
  const std::uint32_t words = kWordsBeforeCells + groups_per_row() * RTT_GROUP_CELLS;
  return (words + kWordsPerCacheLine - 1) / kWordsPerCacheLine * kWordsPerCacheLine;
}

std::uint32_t TcpProbeLayout::rows() const { return (peers + owner_rows) * stripes * RTT_METHODS; }

void TcpProbeObject::Destroy::operator()(rtt_tcp_probe* skeleton) const {
  rtt_tcp_probe::destroy(skeleton);
}
void TcpProbeObject::Destroy::operator()(rtt_tcp_probe_old* skeleton) const {
  rtt_tcp_probe_old::destroy(skeleton);
}

template <typename Skeleton>
base::Result<TcpProbeObject::AnySkeleton> TcpProbeObject::load_as(const metrics::BucketGrid& grid,
                                                                  const TcpProbeLayout& layout,
                                                                  const HandOver& hand_over,
                                                                  std::uint32_t generation) {
  const LibbpfLog log;
  Owned<Skeleton> skeleton(Skeleton::open());
  if (!skeleton) return load_error("cannot open the BPF object", -errno, log);
  fill_bucket_table(grid, skeleton->rodata->bucket_table);
  skeleton->rodata->peers = layout.peers + layout.owner_rows;
  skeleton->rodata->stripe_mask = layout.stripes - 1;
  skeleton->rodata->stripe_per_cpu = layout.stripes >= possible_cpus();
  skeleton->rodata->any_local_ports = layout.local_ports != 0;
  skeleton->rodata->generation = generation;
  int status = configure(*skeleton, layout, hand_over);
  if (status == 0) status = Skeleton::load(skeleton.get());
  if (status != 0) return load_error("the kernel does not load the BPF programs", status, log);
  return AnySkeleton(std::move(skeleton));
}

base::Result<std::unique_ptr<TcpProbeObject>> TcpProbeObject::load(const metrics::BucketGrid& grid,
                                                                   const TcpProbeLayout& layout,
                                                                   const HandOver& hand_over,
                                                                   std::uint32_t generation) {
  // Whether the kernel has bpf_rdonly_cast() shows when it loads, or does not load, what uses it.
  auto skeleton = load_as<rtt_tcp_probe>(grid, layout, hand_over, generation);
  if (!skeleton) skeleton = load_as<rtt_tcp_probe_old>(grid, layout, hand_over, generation);
  if (!skeleton) return skeleton.error();
  return std::unique_ptr<TcpProbeObject>(new TcpProbeObject(std::move(*skeleton), layout));
}

TcpProbeObject::TcpProbeObject(AnySkeleton skeleton, const TcpProbeLayout& layout)
    : skeleton_(std::move(skeleton)), with_owners_(layout.owner_rows > 0) {}

TcpProbeObject::~TcpProbeObject() = default;

template <typename Get>
auto TcpProbeObject::get(const Get& get) const {
  return std::visit([&](const auto& skeleton) { return get(*skeleton); }, skeleton_);
}

template <typename Get>
int TcpProbeObject::map_fd(const Get& get_map) const {
  return bpf_map__fd(get([&](const auto& skeleton) { return get_map(skeleton.maps); }));
}

base::Result<void> TcpProbeObject::attach() {
  const LibbpfLog log;
  const auto [handshake, probe] = get([](const auto& skeleton) {
    return std::pair(skeleton.progs.tcp_handshake, skeleton.progs.tcp_probe);
  });
  for (const bpf_program* program : {handshake, probe}) {
    bpf_link* link = bpf_program__attach(program);
    if (!link) return load_error("cannot attach the BPF programs", -errno, log);
    links_.emplace_back(link);
  }
  return {};
}

std::vector<TcpProbeObject::Part> TcpProbeObject::programs() const {
  return get([](const auto& skeleton) -> std::vector<Part> {
    return {{"tcp_probe", bpf_program__fd(skeleton.progs.tcp_probe)},
            {"tcp_handshake", bpf_program__fd(skeleton.progs.tcp_handshake)}};
  });
}

std::vector<TcpProbeObject::Part> TcpProbeObject::maps() const {
  std::vector<Part> parts = {
      {"rtt_rows", rows_fd()},
      {"rtt_prefixes", prefixes_fd()},
      {"rtt_local_ports", local_ports_fd()},
      {"rtt_cpu", map_fd([](const auto& maps) { return maps.rtt_cpu; })},
      {"rtt_dropped", dropped_fd()},
      {"rtt_state", map_fd([](const auto& maps) { return maps.rtt_state; })},
      {"rtt_passed", map_fd([](const auto& maps) { return maps.rtt_passed; })},
      {"rodata", map_fd([](const auto& maps) { return maps.rodata; })}};
  if (!with_owners_) return parts;
  parts.insert(parts.end(), {{"rtt_cgroups", cgroups_fd()},
                             {"rtt_pairs", pairs_fd()},
                             {"rtt_free_rows", free_rows_fd()},
                             {"rtt_unlabelled", unlabelled_fd()}});
  return parts;
}

int TcpProbeObject::rows_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_rows; });
}
int TcpProbeObject::dropped_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_dropped; });
}
int TcpProbeObject::prefixes_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_prefixes; });
}
int TcpProbeObject::local_ports_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_local_ports; });
}
int TcpProbeObject::cgroups_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_cgroups; });
}
int TcpProbeObject::pairs_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_pairs; });
}
int TcpProbeObject::free_rows_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_free_rows; });
}
int TcpProbeObject::unlabelled_fd() const {
  return map_fd([](const auto& maps) { return maps.rtt_unlabelled; });
}

}  // namespace rtt::passive
