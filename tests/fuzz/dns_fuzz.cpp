// The resolver's channel, c-ares and all, against a name server that answers what the input says: over UDP, and over TCP
// when that answer was truncated. Whatever it is, there is one outcome, in time.
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "fuzz/dns_answer.h"
#include "targets/address_list.h"
#include "targets/dns_channel.h"

namespace {

using namespace rtt;
using fuzz::require;
using targets::DnsAnswer;
using targets::DnsChannel;

// UDP and TCP on one port of loopback, on the loop of the channel.
class NameServer {
 public:
  NameServer() {
    while (!bind_both()) {
    }
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  void serve(base::EventLoop& loop, fuzz::Input input, fuzz::DnsExpectation& expectation) {
    input_.emplace(input);
    expectation_ = &expectation;
    udp_watch_ = loop.watch(udp_.get(), base::Interest::kRead, [this] { answer_udp(); });
    tcp_watch_ = loop.watch(tcp_.get(), base::Interest::kRead, [this, &loop] { accept(loop); });
  }
  void stop() {
    udp_watch_ = {};
    tcp_watch_ = {};
    connection_watch_ = {};
    connection_.reset();
    // What nobody asked for any more.
    std::array<std::uint8_t, 512> query{};
    while (recv(udp_.get(), query.data(), query.size(), MSG_DONTWAIT) > 0) {
    }
    while (base::UniqueFd(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC))) {
    }
  }

 private:
  bool bind_both() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    udp_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    require(bind(udp_.get(), name, length) == 0);
    require(getsockname(udp_.get(), name, &length) == 0);
    tcp_.reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    port_ = ntohs(address.sin_port);
    return bind(tcp_.get(), name, length) == 0 && listen(tcp_.get(), 16) == 0;
  }

  void answer_udp() {
    std::array<std::uint8_t, 512> query{};
    sockaddr_in from{};
    socklen_t length = sizeof from;
    auto* const name = reinterpret_cast<sockaddr*>(&from);
    const ssize_t size = recvfrom(udp_.get(), query.data(), query.size(), 0, name, &length);
    if (size <= 0) return;
    const auto answer =
        dns_answer({query.data(), static_cast<std::size_t>(size)}, *input_, *expectation_);
    (void)sendto(udp_.get(), answer.data(), answer.size(), 0, name, length);
  }

  void accept(base::EventLoop& loop) {
    connection_watch_ = {};
    connection_.reset(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection_) return;
    connection_watch_ =
        loop.watch(connection_.get(), base::Interest::kRead, [this] { answer_tcp(); });
  }

  void answer_tcp() {
    std::array<std::uint8_t, 512> query{};
    const ssize_t size = recv(connection_.get(), query.data(), query.size(), 0);
    if (size > 2) {
      auto answer = dns_answer(std::span(query).subspan(2, static_cast<std::size_t>(size) - 2),
                               *input_, *expectation_);
      const std::size_t length = answer.size();
      answer.insert(answer.begin(),
                    {static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length)});
      (void)send(connection_.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    } else {
      connection_watch_ = {};
      connection_.reset();
    }
  }

  base::UniqueFd udp_;
  base::UniqueFd tcp_;
  base::UniqueFd connection_;
  base::FdWatch udp_watch_;
  base::FdWatch tcp_watch_;
  base::FdWatch connection_watch_;
  std::uint16_t port_ = 0;
  std::optional<fuzz::Input> input_;
  fuzz::DnsExpectation* expectation_ = nullptr;
};

// In memory, so that nothing is left behind.
const std::string& resolv_conf() {
  static const base::UniqueFd file(memfd_create("resolv.conf", MFD_CLOEXEC));
  static const std::string path = [] {
    constexpr std::string_view kText = "nameserver 127.0.0.1\n";
    require(write(file.get(), kText.data(), kText.size()) == static_cast<ssize_t>(kText.size()));
    return "/proc/self/fd/" + std::to_string(file.get());
  }();
  return path;
}

DnsAnswer look_up(NameServer& server, fuzz::Input input, fuzz::DnsExpectation& expectation) {
  base::EventLoop loop;
  server.serve(loop, input, expectation);
  // So short that an answer that c-ares passes over costs little, and then it is a timeout.
  auto channel =
      DnsChannel::create(loop, {resolv_conf(), server.port(), std::chrono::milliseconds(5)});
  require(channel.ok());
  std::optional<DnsAnswer> result;
  (*channel)->look_up("fuzz.test.", [&](DnsAnswer answer) {
    require(!result.has_value());
    result = std::move(answer);
    loop.stop();
  });
  loop.run();
  server.stop();
  require(result.has_value());
  return *std::move(result);
}

void check(const DnsAnswer& answer, const fuzz::DnsExpectation& expectation) {
  require(answer.failure.has_value() == answer.addresses.empty());
  require(!answer.failure || !answer.detail.empty());
  require(answer.ttl.count() >= 0 && answer.ttl <= std::chrono::seconds(INT32_MAX));
  const auto usable = targets::merge_answer({}, answer.addresses);
  require(usable.size() <= targets::kMaxAddressesPerName);
  require(std::ranges::all_of(usable, targets::is_usable_peer));
  if (!expectation.only_plain_records || answer.failure) return;
  for (const base::IpAddress& address : answer.addresses) {
    require(expectation.addresses.contains(address));
  }
  // A later answer over TCP, or to a second try, may have been worse.
  require(expectation.ttl && answer.ttl >= std::chrono::seconds(*expectation.ttl));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static NameServer server;
  fuzz::DnsExpectation expectation;
  check(look_up(server, {data, size}, expectation), expectation);
  return 0;
}
