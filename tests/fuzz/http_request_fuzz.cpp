// What this program reads of a request itself: Accept, Accept-Encoding, Authorization, and the parameters of /probe. One
// per line of the input.
#include <chrono>
#include <string>

#include "app/probe_query.h"
#include "config/host_name.h"
#include "fuzz/input.h"
#include "web/negotiation.h"
#include "web/password_users.h"

namespace {

using namespace rtt;
using fuzz::require;

std::vector<config::Probe> probes() {
  config::Probe ping;
  ping.name = "ping";
  ping.method = "icmp";
  config::Probe connect;
  connect.name = "connect";
  connect.method = "tcp_connect";
  connect.ip_family = config::IpFamily::kIpv6;
  return {ping, connect};
}

void check_probe(const web::ProbeRequest& request) {
  static const std::vector<config::Probe> kProbes = probes();
  const auto query = app::parse_probe_query(request, kProbes);
  if (!query) {
    // It becomes a line of an answer.
    require(!query.error().message.empty());
    require(query.error().message.find_first_of(std::string_view("\r\n\0", 3)) ==
            std::string::npos);
    return;
  }
  require(config::canonical_host(query->target).ok());
  require(query->probe.name == "ping" || query->probe.name == "connect");
  require(query->window > std::chrono::milliseconds(70) &&
          query->window <= std::chrono::seconds(30));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view accept = input.until('\n');
  require(!web::content_type(web::negotiate_format(accept)).empty());
  (void)web::wants_gzip(input.until('\n'));
  if (const auto claim = web::parse_authorization(input.until('\n'))) {
    require(claim->user.find(':') == std::string::npos);
  }
  web::ProbeRequest request{.parameters = {}, .scrape_timeout = std::string(input.until('\n'))};
  while (!input.empty()) {
    fuzz::Input line = [&] {
      const std::string_view text = input.until('\n');
      return fuzz::Input(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    }();
    const std::string name(line.until('='));
    request.parameters.emplace_back(name, std::string(line.until('\0')));
  }
  check_probe(request);
  return 0;
}
