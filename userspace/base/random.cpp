#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace rtt::base {

std::uint64_t random_u64() {
  thread_local std::array<std::uint64_t, 32> buffer;  // 256 bytes: never filled in part
  thread_local std::size_t unused = 0;
  if (unused == 0) {
    // Early after boot the call waits for entropy, and a signal may end the wait.
    while (getrandom(buffer.data(), sizeof buffer, 0) != sizeof buffer) {
      if (errno != EINTR) std::abort();
    }
    unused = buffer.size();
  }
  return buffer[--unused];
}

}  // namespace rtt::base
