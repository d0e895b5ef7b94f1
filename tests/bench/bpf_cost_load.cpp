#include "bench/bpf_cost_load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <spdlog/fmt/fmt.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <thread>

#include "base/unique_fd.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

constexpr std::uint16_t kPort = 7007;
constexpr std::size_t kMessage = 64;
using Message = std::array<char, kMessage>;

void pin_to(unsigned cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0) support::throw_errno("cannot pin a process");
}

void allow_all_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) support::throw_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) support::throw_errno("setrlimit");
}

// A child that ends with its parent, or with this object. It tells that it is ready by closing the
// pipe's end that it is given.
class Child {
 public:
  Child(const support::Namespace& where, unsigned cpu, const std::function<void(int ready)>& body) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) support::throw_errno("pipe");
    const base::UniqueFd parents_end(ends[0]);
    base::UniqueFd childs_end(ends[1]);
    pid_ = fork();
    if (pid_ < 0) support::throw_errno("fork");
    if (pid_ == 0) run(where, cpu, body, childs_end.get());
    childs_end.reset();
    char nothing = 0;
    const bool ready = read(parents_end.get(), &nothing, 1) == 1;
    if (!ready) throw support::SetupError("a process of the load did not get ready");
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  [[noreturn]] static void run(const support::Namespace& where, unsigned cpu,
                               const std::function<void(int ready)>& body, int ready) {
    try {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      where.enter();
      pin_to(cpu);
      allow_all_descriptors();
      body(ready);
    } catch (const std::exception& error) {
      const std::string text = std::string("load: ") + error.what() + "\n";
      (void)!write(STDERR_FILENO, text.data(), text.size());
    }
    _exit(1);
  }

  pid_t pid_ = -1;
};

void say_ready(int ready) {
  if (write(ready, "r", 1) != 1) support::throw_errno("cannot say that the load is ready");
}

// Each address is in a /24 of its own, as the networks of attach_exporter() are.
base::UniqueFd connect(int address = 0) {
  const std::string host = fmt::format("127.{}.{}.1", address / 256, address % 256);
  auto fd = support::connect_tcp(host, kPort);
  if (!fd) throw support::SetupError(fd.error().message);
  const int on = 1;
  setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::move(*fd);
}

void watch(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) support::throw_errno("epoll_ctl");
}

void accept_one(int listener, int epoll) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) support::throw_errno("accept4");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  watch(epoll, fd);
}

void echo_once(int fd) {
  Message message;
  const ssize_t size = recv(fd, message.data(), message.size(), 0);
  if (size <= 0 || send(fd, message.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) {
    close(fd);
  }
}

[[noreturn]] void serve(int ready) {
  auto listener = support::listen_tcp(kPort);
  if (!listener) throw support::SetupError(listener.error().message);
  const base::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  watch(epoll.get(), listener->get());
  say_ready(ready);
  std::array<epoll_event, 64> events;
  while (true) {
    const int count = epoll_wait(epoll.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      fd == listener->get() ? accept_one(fd, epoll.get()) : echo_once(fd);
    }
  }
}

void send_one(const base::UniqueFd& fd) {
  constexpr Message kText{};
  if (!support::send_all(fd.get(), {kText.data(), kText.size()})) support::throw_errno("send");
}

void receive_one(const base::UniqueFd& fd) {
  if (!support::receive_exactly(fd.get(), kMessage)) throw support::SetupError("no echo");
}

[[noreturn]] void exchange_in_turn(const Load::Exchanges& exchanges, int ready) {
  std::vector<base::UniqueFd> open;
  for (int i = 0; i < exchanges.connections; ++i) open.push_back(connect(i % exchanges.addresses));
  const auto under_way = static_cast<std::size_t>(exchanges.window);
  for (std::size_t i = 0; i < under_way; ++i) send_one(open[i % open.size()]);
  say_ready(ready);
  for (std::size_t oldest = 0;; ++oldest) {
    receive_one(open[oldest % open.size()]);
    send_one(open[(oldest + under_way) % open.size()]);
  }
}

// Closed by a reset, so that no port waits in TIME_WAIT.
[[noreturn]] void connect_in_turn(int ready) {
  say_ready(ready);
  while (true) {
    const base::UniqueFd fd = connect();
    send_one(fd);
    receive_one(fd);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
}

class Pair : public Load {
 public:
  Pair(const support::Namespace& where, unsigned server_cpu,
       const std::function<void(int ready)>& client)
      : server_(where, server_cpu, serve), client_(where, 0, client) {}

 private:
  Child server_;
  Child client_;
};

class Iperf3 : public Load {
 public:
  explicit Iperf3(const support::Namespace& where)
      : server_({"iperf3", "-s", "--forceflush"}, {.where = &where}) {
    if (!server_.wait_for_text("Server listening", std::chrono::seconds(10))) {
      throw support::SetupError("iperf3 does not listen: " + server_.errors());
    }
    client_ = std::make_unique<support::Process>(
        std::vector<std::string>{"iperf3", "-c", "127.0.0.1", "-t", "3600", "--forceflush"},
        support::ProcessOptions{.where = &where});
    if (!client_->wait_for_text("bits/sec", std::chrono::seconds(10))) {
      throw support::SetupError("iperf3 does not run: " + client_->errors());
    }
  }

 private:
  support::Process server_;
  std::unique_ptr<support::Process> client_;
};

unsigned last_cpu() { return std::thread::hardware_concurrency() - 1; }

}  // namespace

std::unique_ptr<Load> Load::exchanges(const support::Namespace& where, const Exchanges& exchanges) {
  return std::make_unique<Pair>(where, exchanges.one_cpu ? 0 : last_cpu(),
                                [=](int ready) { exchange_in_turn(exchanges, ready); });
}

std::unique_ptr<Load> Load::connections(const support::Namespace& where) {
  return std::make_unique<Pair>(where, last_cpu(), connect_in_turn);
}

std::unique_ptr<Load> Load::iperf3(const support::Namespace& where) {
  return std::make_unique<Iperf3>(where);
}

}  // namespace rtt::bench
