#include "support/process_usage.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vector>

#include "base/unique_fd.h"
#include "support/setup_error.h"

namespace rtt::support {
namespace {

TEST(ProcessUsage, SeesADescriptorMore) {
  const std::size_t before = usage_of(getpid()).descriptors;
  const base::UniqueFd fd(eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(usage_of(getpid()).descriptors, before + 1);
}

TEST(ProcessUsage, SeesMemoryThatIsWritten) {
  const ProcessUsage before = usage_of(getpid());
  constexpr std::size_t kBytes = std::size_t{64} << 20U;
  const std::vector<char> block(kBytes, 'x');
  const ProcessUsage after = usage_of(getpid());
  EXPECT_GE(after.anonymous_bytes, before.anonymous_bytes + kBytes * 9 / 10) << block.back();
  EXPECT_GE(after.resident_bytes, before.resident_bytes + kBytes * 9 / 10);
}

TEST(ProcessUsage, OfAProcessThatDoesNotExistIsAnError) {
  EXPECT_THROW((void)usage_of(1 << 30), SetupError);
}

}  // namespace
}  // namespace rtt::support
