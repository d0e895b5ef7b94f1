#include "support/priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace rtt::support {

void raise_priority(Priority priority) {
  const sched_param parameter{.sched_priority = static_cast<int>(priority)};
  if (::sched_setscheduler(0, SCHED_FIFO, &parameter) != 0) {
    (void)::setpriority(PRIO_PROCESS, 0, -20);
  }
}

}  // namespace rtt::support
