#include "bench/bpf_cost_subject.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <linux/bpf.h>
#include <spdlog/fmt/fmt.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "config/loader.h"
#include "metrics/exporter_metrics.h"
#include "passive/tcp_probe_source.h"
#include "support/setup_error.h"
#include "targets/classifier.h"
#include "targets/peer_table.h"

namespace rtt::bench {
namespace {

constexpr const char* kHook = "tcp_probe";

bpf_prog_info info_of(int fd) {
  bpf_prog_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) support::throw_errno("BPF program info");
  return info;
}

RunStatistics statistics_of(int fd) {
  const bpf_prog_info info = info_of(fd);
  return {info.run_cnt, info.run_time_ns};
}

class Empty : public Subject {
 public:
  Empty() {
    const std::array<bpf_insn, 2> instructions{
        bpf_insn{
            .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.expected_attach_type = BPF_TRACE_RAW_TP;
    const int hook = libbpf_find_vmlinux_btf_id(kHook, BPF_TRACE_RAW_TP);
    if (hook < 0) throw support::SetupError("this kernel has no tracepoint tcp_probe");
    options.attach_btf_id = static_cast<__u32>(hook);
    program_.reset(bpf_prog_load(BPF_PROG_TYPE_TRACING, "empty", "GPL", instructions.data(),
                                 instructions.size(), &options));
    if (!program_) support::throw_errno("cannot load an empty program");
    link_.reset(bpf_raw_tracepoint_open(nullptr, program_.get()));
    if (!link_) support::throw_errno("cannot attach an empty program");
  }
  [[nodiscard]] RunStatistics statistics() const override { return statistics_of(program_.get()); }

 private:
  base::UniqueFd program_;
  base::UniqueFd link_;
};

// The BPF object that the build of a libbpf tool puts into its executable.
std::string embedded_object(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t at = bytes.find(ELFMAG); at != std::string::npos;
       at = bytes.find(ELFMAG, at + 1)) {
    Elf64_Ehdr header{};
    if (bytes.size() - at < sizeof header) break;
    std::memcpy(&header, &bytes[at], sizeof header);
    if (header.e_machine == EM_BPF) return bytes.substr(at);
  }
  throw support::SetupError("no BPF object in " + path + " (Debian package libbpf-tools)");
}

// One program of a BPF object, on our hook.
class ObjectProgram : public Subject {
 public:
  using IsIt = std::function<bool(const bpf_program*)>;

  ObjectProgram(const std::string& bytes, const std::string& name, const IsIt& is_it) {
    libbpf_set_print(nullptr);
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.object_name = name.c_str();
    object_.reset(bpf_object__open_mem(bytes.data(), bytes.size(), &options));
    if (!object_) support::throw_errno("cannot open the object of " + name);
    bpf_program* chosen = nullptr;
    bpf_program* each = nullptr;
    bpf_object__for_each_program(each, object_.get()) {
      bpf_program__set_autoload(each, is_it(each));
      if (is_it(each)) chosen = each;
    }
    if (chosen == nullptr) throw support::SetupError("not the program that is wanted in " + name);
    bpf_program__set_expected_attach_type(chosen, BPF_TRACE_RAW_TP);
    if (bpf_program__set_attach_target(chosen, 0, kHook) != 0 ||
        bpf_object__load(object_.get()) != 0) {
      support::throw_errno("cannot load the program of " + name);
    }
    program_ = bpf_program__fd(chosen);
    link_.reset(bpf_raw_tracepoint_open(nullptr, program_));
    if (!link_) support::throw_errno("cannot attach the program of " + name);
  }
  [[nodiscard]] RunStatistics statistics() const override { return statistics_of(program_); }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::unique_ptr<bpf_object, Close> object_;
  int program_ = -1;
  base::UniqueFd link_;
};

std::unique_ptr<Subject> attach_bare(std::string_view name) {
  std::ifstream file(RTT_BARE_READS, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  return std::make_unique<ObjectProgram>(bytes, "bare_reads", [&](const bpf_program* each) {
    return bpf_program__name(each) == name;
  });
}

config::Config configuration(int prefixes) {
  std::string text = "targets:\n  - name: networks\n    networks:\n";
  for (int i = 0; i < prefixes; ++i) {
    text += fmt::format("      - 127.{}.{}.0/24\n", i / 256, i % 256);
  }
  auto loaded = config::load(text, "benchmark", {});
  if (!std::holds_alternative<config::Config>(loaded)) {
    throw support::SetupError("the configuration of the benchmark is wrong");
  }
  return std::get<config::Config>(std::move(loaded));
}

class Exporter : public Subject {
 public:
  explicit Exporter(int prefixes) {
    const config::Config config = configuration(prefixes);
    const auto grid = std::make_shared<const metrics::BucketGrid>(support::value_or_throw(
        metrics::BucketGrid::create(config.histogram.buckets, config.histogram.native_schema)));
    const targets::PeerTable peers(config);
    classifier_.emplace(peers, std::vector<bool>(peers.size(), true));
    std::vector<passive::TcpProbeSource::SlotSeries> slots;
    for (const auto& peer : peers.peers()) {
      const metrics::PeerLabels labels{peer.target, peer.label, {}};
      slots.push_back({std::make_shared<metrics::Series>(labels, "tcp_probe", grid),
                       std::make_shared<metrics::Series>(labels, "tcp_handshake", grid)});
    }
    const __u32 last_before = last_program();
    source_ = support::value_or_throw(passive::TcpProbeSource::create(
        loop_, *grid, *classifier_, std::move(slots), metrics_, nullptr));
    source_->activate();
    find_program(last_before);
  }
  [[nodiscard]] RunStatistics statistics() const override { return statistics_of(program_.get()); }

 private:
  static __u32 last_program() {
    __u32 id = 0;
    while (bpf_prog_get_next_id(id, &id) == 0) {
    }
    return id;
  }
  void find_program(__u32 after) {
    for (__u32 id = after; bpf_prog_get_next_id(id, &id) == 0;) {
      base::UniqueFd fd(bpf_prog_get_fd_by_id(id));
      if (fd && std::string_view(info_of(fd.get()).name).starts_with(kHook)) {
        program_ = std::move(fd);
        return;
      }
    }
    throw support::SetupError("the exporter's program is not there");
  }

  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  std::optional<targets::Classifier> classifier_;
  std::unique_ptr<passive::TcpProbeSource> source_;
  base::UniqueFd program_;
};

}  // namespace

std::unique_ptr<Subject> attach_empty() { return std::make_unique<Empty>(); }
std::unique_ptr<Subject> attach_tcprtt() {
  return std::make_unique<ObjectProgram>(
      embedded_object("/usr/sbin/tcprtt"), "tcprtt",
      [](const bpf_program* each) { return bpf_program__type(each) == BPF_PROG_TYPE_TRACING; });
}
std::unique_ptr<Subject> attach_read_of_tcprtt() { return attach_bare("smoothed"); }
std::unique_ptr<Subject> attach_reads_of_exporter() { return attach_bare("newest_sent"); }
std::unique_ptr<Subject> attach_exporter(int prefixes) {
  return std::make_unique<Exporter>(prefixes);
}

}  // namespace rtt::bench
