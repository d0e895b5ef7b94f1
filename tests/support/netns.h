// Hosts of a test: network namespaces without a name, and the links between them.
//
// A namespace lives as long as its descriptor and its processes, so that a test that is killed
// leaves nothing behind. Needs root. Errors are thrown (setup_error.h).
#pragma once

#include <sys/types.h>

#include <future>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::support {

/// Whether this process may make namespaces. Tests skip loudly when it may not.
[[nodiscard]] bool can_make_namespaces();

class Namespace {
 public:
  /// With loopback up, no ICMP rate limits, and ping sockets for everyone.
  Namespace();
  /// One that `ip netns add` made, as it is.
  [[nodiscard]] static Namespace named(const std::string& name);
  /// The one that a process is in, as it is.
  [[nodiscard]] static Namespace of(pid_t process);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// As ip(8) and nsenter(1) take it while this process lives.
  [[nodiscard]] std::string path() const;

  /// Calls `function` on a thread inside the namespace and waits for it; what it throws, this
  /// throws. Processes are not to be started there (process.h has an option for that).
  template <typename Function>
  auto run(Function&& function) const -> std::invoke_result_t<Function> {
    using Value = std::invoke_result_t<Function>;
    std::packaged_task<Value()> task([&]() -> Value {
      enter();
      return std::forward<Function>(function)();
    });
    std::future<Value> answer = task.get_future();
    std::thread(std::move(task)).join();
    return answer.get();
  }

  /// Runs a command inside and returns its output; one that fails throws.
  std::string command(const std::vector<std::string>& argv) const;
  /// `name` as a path below /proc/sys/net: "ipv4/tcp_sack".
  void sysctl(const std::string& name, const std::string& value) const;
  /// Moves the calling thread into the namespace, for good.
  void enter() const;

 private:
  explicit Namespace(base::UniqueFd fd) : fd_(std::move(fd)) {}

  base::UniqueFd fd_;
};

/// The addresses of a link's ends, literals, ready for a configuration.
struct LinkAddresses {
  std::string a4, b4;  // in one /30
  std::string a6, b6;  // in one /64

  /// Addresses that no other link of this process has, nor (as far as pids tell) one of another
  /// test that runs beside it: passive sources see the connections of all namespaces.
  [[nodiscard]] static LinkAddresses unique();
};

/// Addresses and brings up one end of a link, without duplicate address detection.
void configure_interface(const Namespace& where, const std::string& device, const std::string& v4,
                         const std::string& v6);

/// Joins the two by a veth pair, device "veth0" on both sides if nothing else is said.
LinkAddresses connect_by_veth(const Namespace& a, const Namespace& b,
                              const std::string& device = "veth0");

}  // namespace rtt::support
