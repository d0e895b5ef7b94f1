#include "support/nobody.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "support/setup_error.h"

namespace rtt::support {

// The system calls themselves: the C library changes all threads.
void become_nobody() {
  constexpr int kNobody = 65534;
  if (syscall(SYS_setgroups, 0, nullptr) != 0 ||
      syscall(SYS_setresgid, kNobody, kNobody, kNobody) != 0 ||
      syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0) {
    throw_errno("cannot drop privileges");
  }
}

}  // namespace rtt::support
