#include "app/opener_process.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>
#include <vector>

#include "app/capabilities.h"
#include "app/unprivileged_user.h"
#include "passive/namespace_opener.h"

namespace rtt::app {
namespace {

constexpr const char* kName = "rtt_ns_opener";
const std::vector<int> kNeeded = {CAP_SYS_ADMIN, CAP_SYS_PTRACE};

base::Result<void> check_capabilities() {
  if (std::ranges::all_of(kNeeded, has_capability)) return {};
  return base::Error{
      "polling other network namespaces needs CAP_SYS_ADMIN and CAP_SYS_PTRACE when the program "
      "starts"};
}

// The user that the daemon will be, too: the signal of its death comes from that user.
bool keep_needed_privileges() {
  empty_bounding_set();
  if (::geteuid() == 0 && has_capability(CAP_SETUID) && has_capability(CAP_SETGID) &&
      !become(unprivileged_user())) {
    return false;
  }
  const auto kept = keep_only(kNeeded);
  return kept && kept->size() == kNeeded.size();
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

// Set after the user and the capabilities: a change of them clears it (prctl(2)).
bool die_with(pid_t parent) {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && ::getppid() == parent;
}

[[noreturn]] void run_opener(base::UniqueFd socket, pid_t parent) {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);
  prctl(PR_SET_NAME, kName, 0, 0, 0);
  if (!close_all_but(socket) || !keep_needed_privileges() || !die_with(parent)) _exit(1);
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
