// The whole daemon under everything at once for as long as it is told to: rtt_soak [SECONDS]
//
// Shifts of load alternate with short rests. At a rest the load is gone and the configuration is back to a small one,
// so that what the daemon takes is the same each time, to the descriptor; what grows from rest to rest is a leak.
// Needs root. Exit code 0: passed.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>
#include <thread>

#include "soak/load.h"
#include "soak/observer.h"
#include "soak/verdict.h"
#include "support/netns.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in tests/soak/CMakeLists.txt
constexpr int kFewestRests = 4;
constexpr auto kBetweenLooks = 1s;

bool run(std::chrono::seconds duration) {
  rtt::soak::Findings findings;
  rtt::soak::Bed bed;
  rtt::soak::Observer observer(bed, findings);
  const auto begin = Clock::now();
  const auto shift = std::clamp<std::chrono::milliseconds>(duration / 50, 3s, 20s);
  const auto pause = shift / 8;
  for (int shifts = 0; shifts < kFewestRests || Clock::now() - begin < duration; ++shifts) {
    {
      const rtt::soak::Load load(bed, findings);
      const auto end = Clock::now() + shift;
      while (Clock::now() < end) {
        observer.look();
        std::this_thread::sleep_for(kBetweenLooks);
      }
    }
    observer.rest(pause);
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin);
  observer.stop();
  return judge(lasted, observer, findings);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  int seconds = 1200;
  if (argc > 2 ||
      (argc == 2 &&
       (std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), seconds).ec != std::errc() ||
        seconds <= 0))) {
    std::cerr << "usage: " << argv[0] << " [SECONDS]\n";
    return 2;
  }
  if (!rtt::support::can_make_namespaces()) {
    std::cerr << "SKIPPED: needs root, this user may not make network namespaces\n";
    return kSkipped;
  }
  try {
    return run(std::chrono::seconds(seconds)) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
}
