// main() of every benchmark program. What a benchmark needs and does not get ends it with a message
// and an exit code; so does a scrape that breaks a rule: a number of something broken is no number.
#include <gtest/gtest.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "bench/bench.h"
#include "support/netns.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  testing::GTEST_FLAG(throw_on_failure) = true;
  if (!rtt::support::can_make_namespaces()) {
    std::cerr << "needs root: this user may not make network namespaces\n";
    return 1;
  }
  try {
    rtt::bench::run();
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
}
