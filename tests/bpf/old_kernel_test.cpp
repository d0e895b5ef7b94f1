// The program for kernels before 6.2, which have no bpf_rdonly_cast(): this kernel runs it as well.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <memory>
#include <numeric>

#include "bpf/bucket_table.h"
#include "bpf/rtt_shared.h"
// After the types that it uses.
#include "bpf/tcp_probe_old.skel.h"
#include "measured_link.h"
#include "passive/tcp_probe_table.h"
#include "support/socket.h"

namespace rtt::bpf_test {
namespace {

class OldKernelTest : public MeasuredLinkTest {
 protected:
  struct Destroy {
    void operator()(rtt_tcp_probe_old* skeleton) const { rtt_tcp_probe_old::destroy(skeleton); }
  };
  static constexpr std::size_t kWordsBeforeCells = sizeof(rtt_row) / sizeof(std::uint64_t);
  using Row = std::array<std::uint64_t, kWordsBeforeCells + RTT_MAX_CELLS>;

  void SetUp() override {
    MeasuredLinkTest::SetUp();
    if (IsSkipped()) return;
    skeleton_.reset(rtt_tcp_probe_old::open());
    ASSERT_NE(skeleton_, nullptr);
    bpf_program__set_autoload(skeleton_->progs.tcp_handshake, false);
    passive::fill_bucket_table(*Measurement::grid(), skeleton_->rodata->bucket_table);
    skeleton_->rodata->peers = 2;
    skeleton_->rodata->generation = 1;
    bpf_map__set_max_entries(skeleton_->maps.rtt_rows, 2 * RTT_METHODS);
    ASSERT_EQ(rtt_tcp_probe_old::load(skeleton_.get()), 0);
    name_server_as_peer_1();
    const std::uint32_t zero = 0;
    rtt_state on{};
    on.counting = {1, 1};
    on.prefix_generation = 1;
    on.sampling_interval = 1;
    ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rtt_state), &zero, &on, 0), 0);
    ASSERT_EQ(rtt_tcp_probe_old::attach(skeleton_.get()), 0);
  }

  void name_server_as_peer_1() {
    rtt_prefix_key key{128, {}};
    const auto bytes = base::IpAddress::parse(addresses_.b4)->bytes();
    std::copy(bytes.begin(), bytes.end(), key.address);
    const std::uint32_t peer = 1;
    ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rtt_prefixes), &key, &peer, 0), 0);
  }

  std::uint64_t samples() {
    const std::uint32_t index = RTT_METHODS + RTT_TCP_PROBE;
    Row row{};
    EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.rtt_rows), &index, row.data()), 0);
    return std::accumulate(row.begin() + kWordsBeforeCells, row.end(), std::uint64_t{0});
  }

  std::unique_ptr<rtt_tcp_probe_old, Destroy> skeleton_;
};

TEST_F(OldKernelTest, EveryConnectionWithOneExchangeGivesOneSample) {
  connect_and_exchange(100);
  EXPECT_EQ(samples(), 100u);
}

TEST_F(OldKernelTest, EveryExchangeOfALongConnectionGivesOneSample) {
  const auto fd = connect(addresses_.b4);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(support::exchange(fd.get(), "ping"));
  EXPECT_EQ(samples(), 300u);
}

}  // namespace
}  // namespace rtt::bpf_test
