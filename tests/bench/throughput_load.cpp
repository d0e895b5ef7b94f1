#include "bench/throughput_load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include <fstream>
#include <thread>

#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 7007;
constexpr int kExchangesPerLookAtTheClock = 64;

unsigned last_cpu() { return std::thread::hardware_concurrency() - 1; }

void pin_this_thread() {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(last_cpu(), &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0) support::throw_errno("cannot pin a thread");
}

void echo_bytes(int fd) {
  pin_this_thread();
  char byte = 0;
  while (recv(fd, &byte, 1, 0) == 1 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1) {
  }
}

void exchange_byte(int fd) {
  char byte = 'x';
  if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1) {
    support::throw_errno("an exchange failed");
  }
}

// Of the calling thread's namespace, sent and so received.
std::uint64_t loopback_bytes() {
  std::ifstream devices("/proc/thread-self/net/dev");
  for (std::string line; std::getline(devices, line);) {
    const std::size_t at = line.find("lo:");
    if (at != std::string::npos) return std::stoull(line.substr(at + 3));
  }
  throw support::SetupError("no loopback device");
}

}  // namespace

PingPong::PingPong(const support::Namespace& where) {
  where.run([&] {
    const auto listener = support::listen_tcp(kPort);
    if (!listener) throw support::SetupError(listener.error().message);
    auto client = support::connect_tcp("127.0.0.1", kPort);
    if (!client) throw support::SetupError(client.error().message);
    client_ = std::move(*client);
    server_.reset(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!server_) support::throw_errno("accept");
  });
  const int on = 1;
  setsockopt(server_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  echo_ = std::async(std::launch::async, [fd = server_.get()] { echo_bytes(fd); });
}

PingPong::~PingPong() { shutdown(client_.get(), SHUT_RDWR); }

double PingPong::rate(base::nanoseconds window) {
  return std::async(std::launch::async,
                    [&] {
                      pin_this_thread();
                      const base::TimePoint start = base::Clock::now();
                      base::TimePoint now = start;
                      std::uint64_t made = 0;
                      while (now - start < window) {
                        for (int i = 0; i < kExchangesPerLookAtTheClock; ++i) {
                          exchange_byte(client_.get());
                        }
                        made += kExchangesPerLookAtTheClock;
                        now = base::Clock::now();
                      }
                      exchanges_ += made;
                      return static_cast<double>(made) / base::to_seconds(now - start);
                    })
      .get();
}

Iperf3::Iperf3(const support::Namespace& where)
    : where_(where),
      server_({"iperf3", "-s", "--forceflush", "-A", std::to_string(last_cpu())},
              {.where = &where}) {
  if (!server_.wait_for_text("Server listening", 10s)) {
    throw support::SetupError("iperf3 does not listen: " + server_.errors());
  }
  client_.emplace(std::vector<std::string>{"iperf3", "-c", "127.0.0.1", "-t", "3600",
                                           "--forceflush", "-A", "0"},
                  support::ProcessOptions{.where = &where});
  if (!client_->wait_for_text("bits/sec", 10s)) {
    throw support::SetupError("iperf3 does not run: " + client_->errors());
  }
}

double Iperf3::rate(base::nanoseconds window) {
  return where_.run([&] {
    const std::uint64_t before = loopback_bytes();
    const base::TimePoint start = base::Clock::now();
    std::this_thread::sleep_for(window);
    const std::uint64_t bytes = loopback_bytes() - before;
    bytes_ += bytes;
    return static_cast<double>(bytes) / base::to_seconds(base::Clock::now() - start);
  });
}

}  // namespace rtt::bench
