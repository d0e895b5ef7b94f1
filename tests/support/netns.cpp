#include "support/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "support/process.h"
#include "support/setup_error.h"

namespace rtt::support {
namespace {

base::UniqueFd new_namespace() {
  base::UniqueFd fd;
  std::packaged_task<void()> task([&fd] {
    if (::unshare(CLONE_NEWNET) != 0) throw_errno("cannot make a network namespace");
    fd.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!fd) throw_errno("cannot open the new network namespace");
  });
  std::future<void> done = task.get_future();
  std::thread(std::move(task)).join();
  done.get();
  return fd;
}

}  // namespace

bool can_make_namespaces() {
  try {
    (void)new_namespace();
    return true;
  } catch (const SetupError&) {
    return false;
  }
}

Namespace::Namespace() : fd_(new_namespace()) {
  // Not icmp_ratelimit: with 0 the kernel now and then (19 of 40,000 times) forgets the tokens that
  // an unreachable route needs for its next error.
  sysctl("ipv4/icmp_ratemask", "0");
  sysctl("ipv6/icmp/ratemask", "\n");
  sysctl("ipv4/ping_group_range", "0 2147483647");
  command({"ip", "link", "set", "lo", "up"});
}

Namespace Namespace::named(const std::string& name) {
  base::UniqueFd fd(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno("no network namespace \"" + name + "\"");
  return Namespace(std::move(fd));
}

Namespace Namespace::of(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path);
  return Namespace(std::move(fd));
}

std::string Namespace::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd());
}

void Namespace::enter() const {
  if (::setns(fd(), CLONE_NEWNET) != 0) throw_errno("cannot enter a network namespace");
}

std::string Namespace::command(const std::vector<std::string>& argv) const {
  return run_command(argv, {.where = this});
}

void Namespace::sysctl(const std::string& name, const std::string& value) const {
  run([&] {
    const std::string path = "/proc/sys/net/" + name;
    const base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), value.data(), value.size()) < 0) throw_errno(path);
  });
}

LinkAddresses LinkAddresses::unique() {
  static std::atomic<unsigned> links{0};
  const unsigned link = links++ % 64;
  const auto pid = static_cast<unsigned>(::getpid());
  char v4[32], v6[48];
  std::snprintf(v4, sizeof v4, "10.%u.%u.", 64 + ((pid >> 8) & 127), pid & 255);
  std::snprintf(v6, sizeof v6, "fd00:99:%x:%x::", pid & 0xffff, link + 1);
  return {.a4 = v4 + std::to_string(4 * link + 1),
          .b4 = v4 + std::to_string(4 * link + 2),
          .a6 = std::string(v6) + "1",
          .b6 = std::string(v6) + "2"};
}

void configure_interface(const Namespace& where, const std::string& device, const std::string& v4,
                         const std::string& v6) {
  where.sysctl("ipv6/conf/" + device + "/router_solicitations", "0");
  where.command({"ip", "addr", "add", v4 + "/30", "dev", device});
  where.command({"ip", "addr", "add", v6 + "/64", "dev", device, "nodad"});
  where.command({"ip", "link", "set", device, "up"});
}

LinkAddresses connect_by_veth(const Namespace& a, const Namespace& b, const std::string& device) {
  const LinkAddresses addresses = LinkAddresses::unique();
  a.command(
      {"ip", "link", "add", device, "type", "veth", "peer", "name", device, "netns", b.path()});
  configure_interface(a, device, addresses.a4, addresses.a6);
  configure_interface(b, device, addresses.b4, addresses.b6);
  return addresses;
}

}  // namespace rtt::support
