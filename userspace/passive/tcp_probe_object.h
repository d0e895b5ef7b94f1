// The loaded and attached BPF object of one instance: owns programs, maps and links.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "metrics/bucket_grid.h"
#include "passive/tcp_probe_handover.h"

struct rtt_tcp_probe;
struct rtt_tcp_probe_old;

namespace rtt::passive {

/// What is fixed when the programs are loaded.
struct TcpProbeLayout {
  std::uint32_t peers = 1;  // rows of one method in one stripe
  std::uint32_t stripes = 1;
  std::uint32_t cells = 1;
  std::uint32_t local_ports = 0;
  std::uint32_t owner_rows =
      0;  // behind those of the peers, likewise; 0: owners are not told apart

  /// Stripes share the adding out over the CPUs: as many as there are CPUs (a power of two), as
  /// long as all rows together stay within 8 MiB (32 MiB with those of owners). `most_owner_rows`: as
  /// many, as long as those of one stripe stay within 8 MiB.
  [[nodiscard]] static TcpProbeLayout create(std::size_t peers, std::size_t cells,
                                             std::size_t local_ports,
                                             std::size_t most_owner_rows = 0);
  /// A row as rtt_shared.h has it, in 64-bit words: before the cells, and in all.
  static constexpr std::uint32_t kWordsBeforeCells = 5;
  [[nodiscard]] std::uint32_t groups_per_row() const;
  [[nodiscard]] std::uint32_t words_per_row() const;
  [[nodiscard]] std::uint32_t rows() const;
};

class TcpProbeObject {
 public:
  /// Loads; attaches nothing. Error: what the kernel refused, with the verifier's words.
  [[nodiscard]] static base::Result<std::unique_ptr<TcpProbeObject>> load(
      const metrics::BucketGrid& grid, const TcpProbeLayout& layout, const HandOver& hand_over,
      std::uint32_t generation);
  ~TcpProbeObject();
  TcpProbeObject(const TcpProbeObject&) = delete;
  TcpProbeObject& operator=(const TcpProbeObject&) = delete;

  [[nodiscard]] base::Result<void> attach();
  /// Programs may still be running afterwards, see HandOver::wait_for_running_programs().
  void detach() { links_.clear(); }

  struct Part {
    std::string_view name;
    int fd;
  };
  [[nodiscard]] std::vector<Part> programs() const;
  [[nodiscard]] std::vector<Part> maps() const;

  [[nodiscard]] int rows_fd() const;
  [[nodiscard]] int dropped_fd() const;
  [[nodiscard]] int prefixes_fd() const;
  [[nodiscard]] int local_ports_fd() const;
  // Of a layout with rows of owners.
  [[nodiscard]] int cgroups_fd() const;
  [[nodiscard]] int pairs_fd() const;
  [[nodiscard]] int free_rows_fd() const;
  [[nodiscard]] int unlabelled_fd() const;

 private:
  struct Destroy {
    void operator()(rtt_tcp_probe* skeleton) const;
    void operator()(rtt_tcp_probe_old* skeleton) const;
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };
  template <typename Skeleton>
  using Owned = std::unique_ptr<Skeleton, Destroy>;
  /// Maps and constants of both are the same, see bpf/kernel_read.bpf.h.
  using AnySkeleton = std::variant<Owned<rtt_tcp_probe>, Owned<rtt_tcp_probe_old>>;

  template <typename Skeleton>
  [[nodiscard]] static base::Result<AnySkeleton> load_as(const metrics::BucketGrid& grid,
                                                         const TcpProbeLayout& layout,
                                                         const HandOver& hand_over,
                                                         std::uint32_t generation);
  TcpProbeObject(AnySkeleton skeleton, const TcpProbeLayout& layout);
  template <typename Get>
  [[nodiscard]] auto get(const Get& get) const;
  template <typename Get>
  [[nodiscard]] int map_fd(const Get& get_map) const;

  AnySkeleton skeleton_;
  bool with_owners_;
  std::vector<std::unique_ptr<bpf_link, Destroy>> links_;
};

}  // namespace rtt::passive
