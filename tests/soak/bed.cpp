#include "soak/bed.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <filesystem>

namespace rtt::soak {
namespace {

using support::DnsBehaviour;

void take_everything(int fd) {
  std::array<char, 4096> buffer{};
  while (recv(fd, buffer.data(), buffer.size(), 0) > 0) {
  }
}

// Of loopback, where every address answers.
std::string loopback(unsigned network, unsigned number) {
  return "127." + std::to_string(network) + "." + std::to_string(number / 250) + "." +
         std::to_string(number % 250 + 1);
}

support::LinkAddresses joined(const support::Namespace& here, const support::Namespace& there) {
  const support::LinkAddresses link = connect_by_veth(here, there);
  // Nobody forwards there, so that these are silent.
  here.command({"ip", "route", "add", "192.0.2.0/24", "via", link.b4});
  return link;
}

}  // namespace

Bed::Bed()
    : link(joined(here, there)),
      dns_(here.run([] { return std::make_unique<support::DnsServer>("127.0.0.1", 53); })),
      echo_(there, kEchoPort, support::echo),
      bulk_(there, kBulkPort, support::source),
      hung_(here, kHungPort, take_everything),
      datagrams_(there, kEchoPort, support::echo_datagram),
      web_(there),
      daemon(here, {.config = rest_config(), .resolv_conf = "nameserver 127.0.0.1\n"}) {
  change_names(0);
  change_files(0);
}

std::string Bed::rest_config() const {
  return "passive: {tcp_info: {interval: 200ms}}\n"
         "dns: {min_refresh: 100ms, max_refresh: 1s, timeout: 200ms}\n"
         "echo_server: {listen: [\":10007\"]}\n"
         "discovery: {passive_peers: {networks: [" +
         link.b4 +
         "/32], max_peers: 5, interval: 1s, expire_after: 2s, probes: [ping]}}\n"
         "probe_endpoint: {networks: [127.0.0.0/8, " +
         link.b4 +
         "/32], probes: 5, max_concurrent: 4}\n"
         "probes:\n"
         "  ping: {method: icmp, interval: 200ms, timeout: 1s}\n"
         "  connect: {method: tcp_connect, port: 10007, interval: 200ms, timeout: 1s}\n"
         "  echo: {method: tcp_echo, port: 10007, interval: 200ms, timeout: 1s}\n"
         "  datagram: {method: udp_echo, port: 10007, interval: 200ms, timeout: 1s}\n"
         "  hung: {method: tcp_echo, port: 999, interval: 200ms, timeout: 500ms}\n"
         "  refused: {method: tcp_connect, port: 1, interval: 200ms, timeout: 1s}\n"
         "  web:\n"
         "    {method: http, path: /, interval: 200ms, timeout: 2s,\n"
         "     download: {path: /big, interval: 2s, max_bytes: 1048576, max_time: 5s}}\n"
         "  fresh: {method: http, path: /, connection: fresh, interval: 300ms, timeout: 2s}\n"
         "targets:\n"
         "  - {name: stays-self, hosts: [127.0.0.1], probes: [ping, connect, echo, datagram]}\n"
         "  - {name: stays-far, hosts: [" +
         link.b4 + ", \"" + link.b6 +
         "\"], probes: [ping, connect, echo, datagram, web]}\n"
         "  - {name: stays-clients, local_ports: [10049], networks: [127.0.0.0/8]}\n";
}

std::string Bed::full_config(unsigned number) const {
  std::string config = rest_config() +
                       "  - {name: silent, hosts: [192.0.2.1], probes: [ping, connect]}\n"
                       "  - {name: hung, hosts: [127.0.0.9], probes: [ping, hung, fresh]}\n"
                       "  - {name: refused, hosts: [127.0.0.10], probes: [refused]}\n"
                       "  - {name: names, addresses: all, probes: [ping, connect],\n"
                       "     hosts: [good.test, missing.test, broken.test, odd.test]}\n"
                       "  - {name: mesh, dns_peers: [mesh.test], probes: [ping, datagram]}\n"
                       "  - {name: files, files: [" +
                       files_.path() +
                       "/*.json], probes: [ping, echo]}\n"
                       "  - name: further\n    probes: [ping, connect, echo]\n    hosts:\n";
  for (unsigned i = 0; i < 20 + number % 3 * 30; ++i) {
    config += "      - " + loopback(10 + number % 5, i) + "\n";
  }
  config += "    networks:\n";
  for (unsigned i = 0; i < 10 + number % 4 * 50; ++i) {
    config += "      - 10.200." + std::to_string(i) + ".0/24\n";
  }
  return config;
}

std::string Bed::bad_config(unsigned number) {
  static const std::array<std::string, 5> kBad = {
      "nonsense: 1\n", "targets: [\n", "probes: {ping: {method: telepathy}}\n",
      "histogram: {buckets: [0.5, 0.6]}\n", std::string("\xff\xfe\0x", 4)};
  return kBad[number % kBad.size()];
}

bool Bed::lives_on(const support::Sample& sample) {
  const auto target = sample.labels.find("target");
  return target == sample.labels.end() || target->second == "other" ||
         target->second.starts_with("stays-");
}

void Bed::change_files(unsigned number) const {
  const std::string path = files_.path() + "/peers.json";
  if (number % 11 == 10) {
    std::remove(path.c_str());
    return;
  }
  std::string hosts;
  for (unsigned i = 0; i < 1 + number % 7 * 5; ++i) {
    hosts += (i == 0 ? "" : ", ") + ("\"" + loopback(20, (number * 3 + i) % 60) + ":9100\"");
  }
  const std::string rack = std::to_string(number % 2);
  const std::string text = R"([{"targets": [)" + hosts + R"(], "labels": {"rack": ")" + rack +
                           (number % 5 == 4 ? "" : R"("}}])");
  std::filesystem::rename(files_.write("new", text), path);
}

void Bed::change_names(unsigned number) const {
  dns_->set("good.test", {loopback(30, number % 3), loopback(30, 10)}, DnsBehaviour::kAnswer, 0);
  dns_->set("broken.test", {loopback(31, 0)},
            number % 2 == 0 ? DnsBehaviour::kServerFailure : DnsBehaviour::kAnswer, 0);
  constexpr std::array kOdd = {DnsBehaviour::kSilence, DnsBehaviour::kGarbage,
                               DnsBehaviour::kWrongId, DnsBehaviour::kTruncated,
                               DnsBehaviour::kOneByte};
  dns_->set("odd.test", {loopback(32, 0)}, kOdd[number % kOdd.size()], 0);
  std::vector<std::string> mesh;
  for (unsigned i = 0; i < 1 + number % 20; ++i) mesh.push_back(loopback(33, number % 4 + i));
  dns_->set("mesh.test", mesh, DnsBehaviour::kAnswer, 0);
}

}  // namespace rtt::soak
