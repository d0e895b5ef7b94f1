// A configuration with every method, each against the daemon itself, and whether they measure.
#pragma once

#include <string>

#include "support/metrics_text.h"

namespace rtt::integration {

inline constexpr const char* kEveryMethod = R"(passive:
  tcp_info: {interval: 100ms}
echo_server: {listen: ["127.0.0.1:10007"]}
probe_endpoint: {networks: [127.0.0.0/8]}
probes:
  ping: {method: icmp, interval: 50ms}
  connect: {method: tcp_connect, port: 10007, interval: 50ms}
  echo: {method: tcp_echo, port: 10007, interval: 50ms}
  datagram: {method: udp_echo, port: 10007, interval: 50ms}
  page: {method: http, port: 10049, path: /-/healthy, interval: 50ms}
targets:
  - name: self
    hosts: [127.0.0.1]
    probes: [ping, connect, echo, datagram, page]
)";

[[nodiscard]] inline bool every_method_measures(const support::Scrape& scrape) {
  for (const char* method : {"icmp", "tcp_connect", "tcp_echo", "udp_echo", "http", "tcp_probe",
                             "tcp_handshake", "tcp_info"}) {
    const support::LabelSet labels = {{"target", "self"}, {"method", method}};
    if (scrape.sum("rtt_seconds_count", labels) == 0) return false;
  }
  return true;
}

[[nodiscard]] inline bool every_source_is_up(const support::Scrape& scrape) {
  for (const auto& sample : scrape.samples("rtt_source_up")) {
    if (sample.value != 1) return false;
  }
  return true;
}

}  // namespace rtt::integration
