// Any bytes sent to the web server over a real connection: what comes back is HTTP, and the server goes on serving.
//
// The first byte says in how many pieces the others are sent.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

#include "app/probe_query.h"
#include "fuzz/input.h"
#include "unit/web/fixture.h"
#include "unit/web/http_client.h"

namespace {

using namespace rtt;
using fuzz::require;

// Reads the query as the daemon does and measures nothing.
class QueryReader final : public web::Probing {
 public:
  [[nodiscard]] bool is_enabled() const override { return true; }
  void probe(const web::ProbeRequest& request, std::function<bool()>, Done done) override {
    const auto query = app::parse_probe_query(request, probes_);
    done({.status = query ? 503 : 400,
          .refusal = query ? "" : query.error().message,
          .series = nullptr});
  }

 private:
  std::vector<config::Probe> probes_ = {[] {
    config::Probe probe;
    probe.name = "ping";
    return probe;
  }()};
};

class Site {
 public:
  Site() {
    web::SeriesSketch sketch;
    web::reply(*sketch.probe("db", "db1", "icmp"), std::chrono::milliseconds(2));
    program_.store.replace(sketch.build());
    web::Backend backend = program_.backend();
    backend.reload = [] { return base::Result<void>(base::Error{"no"}); };
    backend.probing = &probing_;
    server_ = std::move(*web::serve_on({"127.0.0.1:0"}, web::plain_options(), backend));
  }
  [[nodiscard]] base::ListenAddress address() const { return server_->addresses().front(); }

 private:
  web::Program program_;
  QueryReader probing_;
  std::unique_ptr<web::Server> server_;
};

// What comes until nothing has come for a moment: a request that is not complete has no answer, and a connection may be
// kept.
std::string read_answer(int fd) {
  constexpr int kMomentMs = 2;
  std::string text;
  std::array<char, 65536> buffer{};
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  while (poll(&ready, 1, kMomentMs) == 1) {
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

base::UniqueFd connected(const base::ListenAddress& address) {
  const base::SocketAddress name(*address.address, address.port);
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  require(connect(fd.get(), name.get(), name.length) == 0);
  return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Site site;
  fuzz::Input input(data, size);
  const std::size_t pieces = input.u8() % 8 + 1;
  const base::UniqueFd fd = connected(site.address());
  while (!input.empty()) {
    const auto piece = input.bytes(size / pieces + 1);
    if (send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
  }
  const std::string answer = read_answer(fd.get());
  require(answer.empty() || answer.starts_with("HTTP/1."));
  // The reload that fails is the one answer of this kind.
  require(!answer.starts_with("HTTP/1.1 500 ") || answer.find("stays in force: no") != answer.npos);
  static std::size_t rounds = 0;
  if (++rounds % 100 == 0) {
    web::HttpClient other(site.address());
    require(other.get("/-/healthy").starts_with("HTTP/1.1 200 "));
  }
  return 0;
}
