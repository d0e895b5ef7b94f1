// A kernel without BTF cannot run tcp_probe; everything else does not need it.
#include <gmock/gmock.h>

#include "support/daemon.h"
#include "support/netns.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

class WithoutBtf : public ::testing::Test {
 protected:
  Namespace here_;
  const Daemon::Options options_{.before = "mount -t tmpfs none /sys/kernel/btf\n"};
};

TEST_F(WithoutBtf, OnlyTcpProbeIsOff) {
  const Daemon daemon(here_, options_);
  for (const auto& source : daemon.scrape().samples("rtt_source_up")) {
    const std::string& name = source.labels.at("source");
    EXPECT_EQ(source.value, name == "tcp_probe" ? 0 : 1) << name;
  }
}

TEST_F(WithoutBtf, ConnectionsAreMeasuredByTcpInfo) {
  const Daemon daemon(here_, options_);
  (void)daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_seconds_count", {{"target", "self"}, {"method", "tcp_info"}}) > 0;
  });
}

TEST_F(WithoutBtf, LogSaysWhatTheKernelLacks) {
  Daemon daemon(here_, options_);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("the kernel has no BTF"));
}

}  // namespace
}  // namespace rtt::integration
