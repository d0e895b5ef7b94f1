// What the kernel lists about this process' TCP sockets and descriptors.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rtt::support {

/// IPv4 sockets whose remote port is `port`, in TIME_WAIT (proc_net_tcp, column "st").
[[nodiscard]] inline int time_wait_sockets_to(std::uint16_t port) {
  constexpr unsigned kTimeWait = 6;
  std::ifstream file("/proc/net/tcp");
  std::string line;
  std::getline(file, line);
  int count = 0;
  while (std::getline(file, line)) {
    unsigned remote_port = 0;
    unsigned state = 0;
    if (std::sscanf(line.c_str(), " %*d: %*x:%*x %*x:%x %x", &remote_port, &state) != 2) continue;
    if (remote_port == port && state == kTimeWait) ++count;
  }
  return count;
}

[[nodiscard]] inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries));
}

}  // namespace rtt::support
