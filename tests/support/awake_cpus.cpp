#include "support/awake_cpus.h"

#include <pthread.h>
#include <sched.h>

namespace rtt::support {

AwakeCpus::AwakeCpus() {
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
    threads_.emplace_back([this, cpu] {
      const sched_param idle{};
      // Without the right class a spinning thread would be in the way.
      if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &idle) != 0) return;
      cpu_set_t only;
      CPU_ZERO(&only);
      CPU_SET(cpu, &only);
      pthread_setaffinity_np(pthread_self(), sizeof only, &only);
      while (!stop_) {
      }
    });
  }
}

AwakeCpus::~AwakeCpus() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace rtt::support
