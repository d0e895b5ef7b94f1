// Keeps every CPU from going idle while it lives.
//
// An idle CPU of a virtual machine takes 50 to 200 us to wake up, as often as a packet crosses a host: more than what
// the tests of delays tolerate, and no property of what they test. Threads of the scheduling class SCHED_IDLE spin;
// whatever else wants to run takes their place at once.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace rtt::support {

class AwakeCpus {
 public:
  AwakeCpus();
  ~AwakeCpus();
  AwakeCpus(const AwakeCpus&) = delete;
  AwakeCpus& operator=(const AwakeCpus&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rtt::support
