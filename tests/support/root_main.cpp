// main() of the tests that need root: without it they are skipped, loudly, with an exit code that
// ctest counts as skipped.
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>

#include "support/netns.h"

namespace {

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in tests/integration/CMakeLists.txt

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && !rtt::support::can_make_namespaces()) {
    std::cerr << "SKIPPED: needs root, this user may not make network namespaces\n";
    return kSkipped;
  }
  return RUN_ALL_TESTS();
}
