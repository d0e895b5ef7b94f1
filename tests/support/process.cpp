#include "support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "support/netns.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::support {
namespace {

using namespace std::chrono_literals;

// A memfd instead of a pipe: the child can never block on a test that does not read.
base::UniqueFd memory_file() {
  base::UniqueFd fd(::memfd_create("output", MFD_CLOEXEC));
  if (!fd) throw_errno("memfd_create");
  if (::fcntl(fd.get(), F_SETFL, O_APPEND) != 0) throw_errno("fcntl");
  return fd;
}

std::string content(int fd) {
  std::string text;
  char buffer[16384];
  ssize_t size;
  while ((size = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

bool become(uid_t user) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
         ::setresuid(user, user, user) == 0;
}

struct ChildSetup {
  char* const* argv;
  char* const* environment;
  int output;
  int errors;
  int network;  // -1: the test's
  std::optional<uid_t> user;
  pid_t parent;
};

// Between fork and exec only async-signal-safe calls: the test has threads.
[[noreturn]] void run_child(const ChildSetup& setup) {
  const bool ready = ::dup2(setup.output, STDOUT_FILENO) >= 0 &&
                     ::dup2(setup.errors, STDERR_FILENO) >= 0 &&
                     (setup.network < 0 || ::setns(setup.network, CLONE_NEWNET) == 0) &&
                     (!setup.user || become(*setup.user)) &&
                     // After the change of user, which would clear it.
                     ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == setup.parent;
  if (ready) ::execvpe(setup.argv[0], setup.argv, setup.environment);
  static constexpr char kText[] = "cannot execute the program\n";
  (void)!::write(STDERR_FILENO, kText, sizeof kText - 1);
  ::_exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> result = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) result.emplace_back(*entry);
  return result;
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const ProcessOptions& options)
    : output_(memory_file()), errors_(memory_file()) {
  const std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> environment_pointers = pointers(environment);
  const ChildSetup setup{.argv = argv_pointers.data(),
                         .environment = environment_pointers.data(),
                         .output = output_.get(),
                         .errors = errors_.get(),
                         .network = options.where != nullptr ? options.where->fd() : -1,
                         .user = options.user,
                         .parent = ::getpid()};
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) run_child(setup);
  pid_fd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pid_fd_) throw_errno("pidfd_open");
}

Process::~Process() {
  if (exit_code_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

void Process::freeze() const {
  signal(SIGSTOP);
  siginfo_t stopped{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED) != 0) throw_errno("waitid");
}

void Process::thaw() const { signal(SIGCONT); }

std::optional<int> Process::wait(std::chrono::nanoseconds timeout) {
  if (exit_code_) return exit_code_;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  pollfd ended{.fd = pid_fd_.get(), .events = POLLIN, .revents = 0};
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    ::poll(&ended, 1, static_cast<int>(left.count()));
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

std::string Process::output() const { return content(output_.get()); }
std::string Process::errors() const { return content(errors_.get()); }

bool Process::wait_for_text(std::string_view text, std::chrono::nanoseconds timeout) {
  const auto seen = [&] {
    return output().find(text) != std::string::npos || errors().find(text) != std::string::npos;
  };
  return wait_until([&] { return seen() || !running(); }, timeout) && seen();
}

std::string run_command(const std::vector<std::string>& argv, const ProcessOptions& options) {
  Process process(argv, options);
  const std::optional<int> code = process.wait(1min);
  if (code == 0) return process.output();
  std::string line;
  for (const std::string& word : argv) line += word + ' ';
  throw SetupError(line + "ended with " + (code ? std::to_string(*code) : "nothing, too late") +
                   ": " + process.errors());
}

}  // namespace rtt::support
