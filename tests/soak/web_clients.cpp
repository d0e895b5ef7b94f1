#include <sys/socket.h>

#include <array>
#include <deque>
#include <memory>

#include "soak/load.h"
#include "soak/scrape_formats.h"
#include "support/scrape_rules.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::soak {
namespace {

using namespace std::chrono_literals;
using support::HttpResponse;
using support::SetupError;

HttpResponse request(const std::string& path, const std::string& headers) {
  auto response = support::fetch({.path = path, .headers = headers, .timeout = 60s});
  if (!response) throw SetupError(path + ": " + response.error().message);
  return std::move(*response);
}

// Each in turn.
void scrape(unsigned number, Findings& findings) {
  const auto& formats = scrape_formats();
  const ScrapeFormat& format = formats[number % formats.size()];
  const base::TimePoint begin = base::Clock::now();
  const HttpResponse response = request("/metrics", format.headers);
  if (response.status != 200) throw SetupError("a scrape is answered with " + response.body);
  for (const std::string& problem : format.problems(response)) {
    findings.add(format.name + ": " + problem);
  }
  findings.did("scrapes, " + format.name, base::Clock::now() - begin);
}

void burst(unsigned number, const std::string& far, Findings& findings) {
  constexpr std::array kModules = {"ping", "connect", "echo", "datagram", "web"};
  const std::string& target = number % 2 == 0 ? far : "127.0.0.1";
  const char* const module = number % 2 == 0 ? kModules[number / 2 % 5] : kModules[number / 2 % 4];
  const HttpResponse response = request("/probe?target=" + target + "&module=" + module,
                                        "X-Prometheus-Scrape-Timeout-Seconds: 5\r\n");
  if (response.status == 503) return findings.did("bursts refused as too many");
  if (response.status != 200) throw SetupError("a burst is answered with " + response.body);
  const auto scrape = support::Scrape::parse(response.body);
  if (!scrape) throw SetupError("a burst cannot be read: " + scrape.error().message);
  for (const std::string& broken : support::broken_rules(*scrape)) findings.add(broken);
}

void bad_request(unsigned number) {
  struct Bad {
    const char* path;
    int status;
  };
  constexpr std::array<Bad, 5> kBad = {{{"/probe", 400},
                                        {"/probe?target=8.8.8.8&module=ping", 403},
                                        {"/probe?target=a&module=none", 400},
                                        {"/probe?target=missing.test&module=ping", 200},
                                        {"/%00", 404}}};
  const Bad& bad = kBad[number % kBad.size()];
  const HttpResponse response = request(bad.path, "Accept: ,;q=\"\r\n");
  if (response.status != bad.status && response.status != 503) {
    throw SetupError(std::string(bad.path) + " is answered with " +
                     std::to_string(response.status));
  }
}

// Those that say nothing, not enough or rubbish, do not read what they asked for, or have gone meanwhile.
std::function<void()> hung_clients(const std::string& far) {
  const std::vector<std::string> openings = {
      "",
      "GET /metr",
      "GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
      "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
      "\x16\x03\x01\x02",
      "POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n",
      "GET /probe?target=" + far + "&module=ping HTTP/1.1\r\nHost: x\r\n\r\n"};
  return [openings, clients = std::make_shared<std::deque<base::UniqueFd>>(),
          number = std::size_t{0}]() mutable {
    auto client = support::connect_tcp("127.0.0.1", 10049);
    if (!client) throw SetupError(client.error().message);
    (void)support::send_all(client->get(), openings[number++ % openings.size()]);
    clients->push_back(std::move(*client));
    if (clients->size() > 50) clients->pop_front();
  };
}

}  // namespace

std::vector<Activity> web_clients(const Bed& bed, Findings& findings) {
  const std::string far = bed.link.b4;
  std::vector<Activity> all = {
      {"scrapes", 50ms, [&findings, number = 0U]() mutable { scrape(number++, findings); }},
      {"bad requests", 200ms, [number = 0U]() mutable { bad_request(number++); }},
      {"hung clients", 50ms, hung_clients(far)}};
  for (unsigned first = 0; first < 5; ++first) {
    all.push_back({"bursts of /probe", 100ms, [far, &findings, number = first]() mutable {
                     burst(number, far, findings);
                     number += 5;
                   }});
  }
  return all;
}

}  // namespace rtt::soak
