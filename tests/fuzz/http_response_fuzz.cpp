// Any bytes as the answer to an http probe, over a real connection: the transfer has one end, and what it says of it
// can be true.
//
// The first byte says whether the connection is kept, and how many bytes of a body are allowed.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>

#include "base/event_loop.h"
#include "fuzz/input.h"
#include "probers/http/transfer.h"
#include "unit/probers/http/http_peer.h"

namespace {

using namespace rtt;
using namespace rtt::probers;
using fuzz::require;

base::UniqueFd listener(std::uint16_t& port) {
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  require(bind(fd.get(), name, length) == 0 && listen(fd.get(), 16) == 0);
  require(getsockname(fd.get(), name, &length) == 0);
  port = ntohs(address.sin_port);
  return fd;
}

// On the loop of the transfer: answers every request with the same bytes and ends the connection.
class HttpPeer {
 public:
  HttpPeer(base::EventLoop& loop, int listening, std::span<const std::uint8_t> bytes)
      : loop_(loop),
        bytes_(bytes),
        listening_(listening),
        watch_(loop.watch(listening, base::Interest::kRead, [this] { accept(); })) {}

 private:
  void accept() {
    request_ = {};
    connection_.reset(accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection_) return;
    request_ = loop_.watch(connection_.get(), base::Interest::kRead, [this] { answer(); });
  }
  void answer() {
    std::array<char, 4096> request{};
    if (recv(connection_.get(), request.data(), request.size(), 0) > 0) {
      (void)send(connection_.get(), bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
      shutdown(connection_.get(), SHUT_WR);
      return;
    }
    request_ = {};
    connection_.reset();
  }

  base::EventLoop& loop_;
  std::span<const std::uint8_t> bytes_;
  int listening_;
  base::UniqueFd connection_;
  base::FdWatch request_;
  base::FdWatch watch_;
};

void check(const http::Ended& ended, std::uint64_t body_bytes, std::uint64_t most_bytes) {
  using How = http::Ended::How;
  require(ended.request.has_value() || ended.how != How::kComplete);
  require(ended.how != How::kTimedOut && ended.how != How::kStopped);
  require(ended.how != How::kComplete || (ended.first_byte && ended.status >= 100));
  require(!ended.first_byte ||
          (*ended.request <= *ended.first_byte && *ended.first_byte <= ended.end));
  require(ended.how != How::kComplete || body_bytes <= most_bytes);
  require(ended.status >= 0 && ended.status <= 999);
  http::StatusSet all;
  all.set();
  (void)http::is_valid(all, ended.status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::uint16_t port = 0;
  static const base::UniqueFd listening = listener(port);
  static const http::Request request(support::plain_options(port), "127.0.0.1", "/");
  static RefusalLog refusals("http");
  fuzz::Input input(data, size);
  const std::uint8_t flags = input.u8();

  base::EventLoop loop;
  const HttpPeer peer(loop, listening.get(), input.bytes(size));
  const auto multi = http::Multi::create(loop, 4);
  std::uint64_t body_bytes = 0;
  std::optional<http::Ended> end;
  http::Transfer::Plan plan{.request = request,
                            .address = base::IpAddress(in_addr{htonl(INADDR_LOOPBACK)}),
                            .port = port,
                            .socket = {}};
  plan.timeout = std::chrono::seconds(60);
  plan.max_body_bytes = std::uint64_t{1} << (flags >> 4U);
  plan.keep = (flags & 1U) != 0;
  plan.buffer_bytes = 16384;
  http::Transfer transfer(*multi, refusals, plan,
                          {.on_body =
                               [&](std::size_t bytes) {
                                 body_bytes += bytes;
                                 return true;
                               },
                           .on_end =
                               [&](const http::Ended& ended) {
                                 require(!end.has_value());
                                 end = ended;
                                 loop.stop();
                               }});
  require(transfer.start());
  loop.run();
  require(end.has_value());
  check(*end, body_bytes, plan.max_body_bytes);
  return 0;
}
