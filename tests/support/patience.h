// How long a test waits for what has to come.
#pragma once

#include <cstdlib>

namespace rtt::support {

/// The factor by which the waits of this folder are longer than they say: the environment's
/// RTT_TEST_PATIENCE, for machines that are emulated in software; 1 without it.
[[nodiscard]] inline int patience() {
  const char* const text = std::getenv("RTT_TEST_PATIENCE");
  const int factor = text != nullptr ? std::atoi(text) : 1;
  return factor > 1 ? factor : 1;
}

}  // namespace rtt::support
