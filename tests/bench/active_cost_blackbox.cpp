#include "bench/active_cost_blackbox.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "bench/measure.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/temporary_directory.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::SetupError;

constexpr std::uint16_t kPort = 9115;
constexpr std::size_t kClients = 8;
constexpr const char* kConfig =
    "modules:\n  icmp:\n    prober: icmp\n    timeout: 1s\n    icmp: {preferred_ip_protocol: "
    "ip4}\n";
constexpr std::string_view kRtt = "\nprobe_icmp_duration_seconds{phase=\"rtt\"} ";

base::UniqueFd connect_to_blackbox() {
  base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::SocketAddress address(*base::IpAddress::parse("127.0.0.1"), kPort);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  if (!fd || ::connect(fd.get(), address.get(), address.length) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
    return {};
  }
  return fd;
}

/// Go sends a short answer with its length and a long one in chunks.
bool is_complete(const std::string& answer) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const std::size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) return false;
  const std::size_t length = answer.find(kLength);
  if (length > body) return answer.ends_with("\r\n0\r\n\r\n");
  return answer.size() >= body + 4 + std::stoul(answer.substr(length + kLength.size(), 12));
}

/// A request on a connection that stays open, and its whole answer.
std::string get(int fd, const std::string& path) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    support::throw_errno("send to blackbox_exporter");
  }
  std::string answer;
  while (!is_complete(answer)) {
    char bytes[16384];
    const ssize_t count = ::recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) throw SetupError("blackbox_exporter does not answer: " + answer);
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  return answer;
}

class Blackbox final : public Program {
 public:
  Blackbox(const support::Namespace& where, const std::vector<std::string>& peers)
      : where_(where),
        peers_(peers),
        process_({"prometheus-blackbox-exporter",
                  "--config.file=" + directory_.write("blackbox.yml", kConfig),
                  "--web.listen-address=127.0.0.1:" + std::to_string(kPort), "--log.level=error"},
                 {.where = &where}) {
    const auto listens = [&] { return where_.run([] { return bool{connect_to_blackbox()}; }); };
    if (!support::wait_until(listens)) throw SetupError("no answer: " + process_.errors());
    for (std::size_t i = 0; i < step_; ++i) clients_.emplace_back([this, i] { ask(i); });
  }
  ~Blackbox() override {
    stop_ = true;
    for (std::thread& client : clients_) client.join();
  }

  pid_t pid() const override { return process_.pid(); }

  Report report() override {
    const std::lock_guard lock(mutex_);
    if (!error_.empty()) throw SetupError(error_);
    if (rtts_us_.empty()) throw SetupError("blackbox_exporter reports no RTT");
    return {.median_rtt_us = median(rtts_us_),
            .lost_percent = 100.0 * static_cast<double>(failed_) /
                            static_cast<double>(failed_ + rtts_us_.size())};
  }

 private:
  /// Every step_-th peer, spread over each second.
  void ask(std::size_t client) {
    try {
      where_.enter();
      const base::UniqueFd fd = connect_to_blackbox();
      const auto period = std::chrono::nanoseconds(1s) / peers_.size();
      auto when = std::chrono::steady_clock::now() + client * period;
      for (std::size_t i = client; !stop_; i += step_, when += step_ * period) {
        std::this_thread::sleep_until(when);
        record(get(fd.get(), "/probe?module=icmp&target=" + peers_[i % peers_.size()]));
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      error_ = error.what();
    }
  }

  void record(const std::string& answer) {
    const std::lock_guard lock(mutex_);
    const std::size_t at = answer.find(kRtt);
    if (answer.find("\nprobe_success 1\n") == std::string::npos || at == std::string::npos) {
      ++failed_;
    } else {
      rtts_us_.push_back(std::stod(answer.substr(at + kRtt.size(), 32)) * 1e6);
    }
  }

  const support::Namespace& where_;
  const std::vector<std::string> peers_;
  const std::size_t step_ = std::min(kClients, peers_.size());
  support::TemporaryDirectory directory_;
  support::Process process_;
  std::mutex mutex_;
  std::vector<double> rtts_us_;
  std::size_t failed_ = 0;
  std::string error_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> clients_;
};

}  // namespace

std::unique_ptr<Program> start_blackbox(const support::Namespace& where,
                                        const std::vector<std::string>& peers) {
  return std::make_unique<Blackbox>(where, peers);
}

}  // namespace rtt::bench
