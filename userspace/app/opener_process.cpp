#include "app/opener_process.h"

#include <fcntl.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>

#include "passive/namespace_opener.h"

namespace rtt::app {
namespace {

constexpr const char* kName = "rtt_ns_opener";
constexpr std::array<cap_value_t, 2> kNeeded = {CAP_SYS_ADMIN, CAP_SYS_PTRACE};

struct FreeCapabilities {
  void operator()(cap_t capabilities) const { cap_free(capabilities); }
};
using Capabilities = std::unique_ptr<_cap_struct, FreeCapabilities>;

base::Result<void> check_capabilities() {
  const Capabilities own(cap_get_proc());
  if (!own) return base::errno_error("cannot read the own capabilities");
  for (const cap_value_t capability : kNeeded) {
    cap_flag_value_t is_set = CAP_CLEAR;
    if (cap_get_flag(own.get(), capability, CAP_PERMITTED, &is_set) == 0 && is_set == CAP_SET) {
      continue;
    }
    return base::Error{
        "polling other network namespaces needs CAP_SYS_ADMIN and CAP_SYS_PTRACE when the program "
        "starts"};
  }
  return {};
}

// The bounding set falls as far as CAP_SETPCAP reaches; without it no_new_privs has to do.
bool keep_needed_capabilities() {
  for (cap_value_t capability = 0; cap_get_bound(capability) >= 0; ++capability) {
    cap_drop_bound(capability);
  }
  cap_reset_ambient();
  const Capabilities kept(cap_init());
  const auto count = static_cast<int>(kNeeded.size());
  return kept && cap_set_flag(kept.get(), CAP_PERMITTED, count, kNeeded.data(), CAP_SET) == 0 &&
         cap_set_flag(kept.get(), CAP_EFFECTIVE, count, kNeeded.data(), CAP_SET) == 0 &&
         cap_set_proc(kept.get()) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// Leaves stderr, for the last words of a crash.
bool close_all_but(base::UniqueFd& socket) {
  socket.reset(::fcntl(socket.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (!socket || null < 0) return false;
  if (::dup2(null, STDIN_FILENO) < 0 || ::dup2(null, STDOUT_FILENO) < 0) return false;
  const auto kept = static_cast<unsigned>(socket.get());
  const bool none_before = kept == STDERR_FILENO + 1;
  return (none_before || ::close_range(STDERR_FILENO + 1, kept - 1, 0) == 0) &&
         ::close_range(kept + 1, ~0U, 0) == 0;
}

// Set after the capabilities: a change of them may clear it (prctl(2)).
bool die_with(pid_t parent) {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && ::getppid() == parent;
}

[[noreturn]] void run_opener(base::UniqueFd socket, pid_t parent) {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);
  prctl(PR_SET_NAME, kName, 0, 0, 0);
  if (!close_all_but(socket) || !keep_needed_capabilities() || !die_with(parent)) _exit(1);
  auto opener = passive::NamespaceOpener::create(std::move(socket));
  _exit(opener && opener->run() ? 0 : 1);
}

}  // namespace

base::Result<base::UniqueFd> start_namespace_opener() {
  if (auto checked = check_capabilities(); !checked) return checked.error();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::errno_error("cannot make a socket to the namespace opener");
  }
  base::UniqueFd ours(ends[0]);
  base::UniqueFd theirs(ends[1]);
  std::signal(SIGCHLD, SIG_IGN);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::errno_error("cannot start the namespace opener");
  if (child == 0) run_opener(std::move(theirs), parent);
  return ours;
}

}  // namespace rtt::app
