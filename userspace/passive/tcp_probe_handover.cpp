#include "passive/tcp_probe_handover.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "bpf/rtt_shared.h"
#include "passive/tcp_probe_requirements.h"

namespace rtt::passive {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kCounting = offsetof(rtt_state, counting) / kWord;
constexpr std::size_t kClockDifference = offsetof(rtt_state, realtime_minus_monotonic_ns) / kWord;
constexpr std::size_t kPrefixGeneration = offsetof(rtt_state, prefix_generation) / kWord;
constexpr std::size_t kSamplingInterval = offsetof(rtt_state, sampling_interval) / kWord;
constexpr std::size_t kTimed = offsetof(rtt_state, timed_ns) / kWord;

base::Result<base::UniqueFd> create_map(bpf_map_type type, const char* name,
                                        std::uint32_t value_size, std::uint32_t entries,
                                        std::uint32_t flags, int inner_fd = 0) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = flags;
  options.inner_map_fd = static_cast<std::uint32_t>(inner_fd);
  const int fd = bpf_map_create(type, name, sizeof(std::uint32_t), value_size, entries, &options);
  if (fd < 0) return bpf_error(std::string("cannot create the BPF map ") + name, -fd);
  return base::UniqueFd(fd);
}

}  // namespace

HandOver::HandOver(base::UniqueFd state_fd, base::UniqueFd passed_fd, base::UniqueFd inner_fd,
                   base::UniqueFd outer_fd, MappedArray state)
    : state_fd_(std::move(state_fd)),
      passed_fd_(std::move(passed_fd)),
      inner_fd_(std::move(inner_fd)),
      outer_fd_(std::move(outer_fd)),
      state_(std::move(state)) {
  forget_prefixes();
  set_sampling_interval(1);
}

base::Result<std::shared_ptr<HandOver>> HandOver::create() {
  auto state_fd = create_map(BPF_MAP_TYPE_ARRAY, "rtt_state", sizeof(rtt_state), 1, BPF_F_MMAPABLE);
  if (!state_fd) return state_fd.error();
  auto passed_fd =
      create_map(BPF_MAP_TYPE_PERCPU_ARRAY, "rtt_passed", sizeof(std::uint64_t), RTT_METHODS, 0);
  if (!passed_fd) return passed_fd.error();
  auto inner_fd = create_map(BPF_MAP_TYPE_ARRAY, "rtt_barrier", sizeof(std::uint32_t), 1, 0);
  if (!inner_fd) return inner_fd.error();
  auto outer_fd = create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, "rtt_barriers", sizeof(std::uint32_t), 1,
                             0, inner_fd->get());
  if (!outer_fd) return outer_fd.error();
  auto state = MappedArray::create(state_fd->get(), sizeof(rtt_state) / kWord, "rtt_state");
  if (!state) return state.error();
  return std::shared_ptr<HandOver>(new HandOver(std::move(*state_fd), std::move(*passed_fd),
                                                std::move(*inner_fd), std::move(*outer_fd),
                                                std::move(*state)));
}

void HandOver::store(std::uint32_t from, std::uint32_t to) {
  state_.store(kCounting, std::bit_cast<std::uint64_t>(rtt_switch{from, to}));
}

void HandOver::set_clock_difference(base::nanoseconds realtime_minus_monotonic) {
  state_.store(kClockDifference, static_cast<std::uint64_t>(realtime_minus_monotonic.count()));
}

void HandOver::set_sampling_interval(std::uint32_t interval) {
  assert(std::has_single_bit(interval));
  state_.store(kSamplingInterval, interval);
}

base::nanoseconds HandOver::programs_cost() const {
  return base::nanoseconds(state_.load(kTimed) * RTT_TIMED_ONE_IN);
}

void HandOver::forget_prefixes() { state_.store(kPrefixGeneration, ++prefix_generation_); }

void HandOver::activate(std::uint32_t generation) {
  if (counting_ == generation) return;
  if (counting_ != 0) {
    forget_passed();
    store(counting_, generation);
    wait_for_running_programs();
  }
  store(generation, generation);
  counting_ = generation;
}

// An event that is passed just before the last step of a hand-over is counted, but not taken off. Left
// there, it would let the next hand-over count an event twice. Nobody reads or writes these now.
void HandOver::forget_passed() {
  const std::vector<std::uint64_t> none(
      static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus())));
  for (std::uint32_t program = 0; program < RTT_METHODS; ++program) {
    [[maybe_unused]] const int status =
        bpf_map_update_elem(passed_fd_.get(), &program, none.data(), BPF_ANY);
    assert(status == 0);
  }
}

void HandOver::retire(std::uint32_t generation) {
  if (counting_ != generation) return;
  store(0, 0);
  counting_ = 0;
}

void HandOver::wait_for_running_programs() {
  // The kernel promises this to whoever changes a map of maps (maybe_wait_bpf_programs()), unlike
  // membarrier(2) also on machines with nohz_full CPUs.
  const std::uint32_t zero = 0;
  const int inner = inner_fd_.get();
  [[maybe_unused]] const int status = bpf_map_update_elem(outer_fd_.get(), &zero, &inner, BPF_ANY);
  assert(status == 0);
}

}  // namespace rtt::passive
