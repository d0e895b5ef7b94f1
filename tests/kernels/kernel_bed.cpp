#include "kernels/kernel_bed.h"

#include "integration/configuration.h"
#include "support/socket.h"

namespace rtt::kernels_test {
namespace {

using namespace std::chrono_literals;

// A request in one segment is all that a probe sends.
void respond(int fd) {
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\n";
  while (support::receive_exactly(fd, kRequest.size())) {
    std::string line;
    for (char byte; line != "\r\n" && ::recv(fd, &byte, 1, 0) == 1;) {
      if (line.ends_with('\n')) line.clear();
      line += byte;
    }
    if (!support::send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) return;
  }
}

}  // namespace

KernelTest::KernelTest()
    : link_(connect_by_veth(here_, there_)),
      echo_(there_, kEchoPort, support::echo),
      web_(there_, kWebPort, respond),
      udp_echo_(there_, kEchoPort, support::echo_datagram) {}

void KernelTest::set_delay(std::chrono::milliseconds delay) const {
  there_.command({"tc", "qdisc", "replace", "dev", "veth0", "root", "netem", "delay",
                  std::to_string(delay.count()) + "ms"});
}

const std::string KernelTest::kFineHistogram =
    integration::histogram_around({20ms, 50ms}, 500us, 2, 45);

std::string KernelTest::config(const std::string& histogram) const {
  const auto probe = [](const std::string& name, const std::string& keys) {
    return "  " + name + ": {method: " + name + ", interval: 100ms, timeout: 10s" + keys + "}\n";
  };
  const std::string echo_port = ", port: " + std::to_string(kEchoPort);
  return histogram + integration::passive(true, true) + "probes:\n" + probe("icmp", "") +
         probe("tcp_connect", echo_port) + probe("tcp_echo", echo_port) +
         probe("udp_echo", echo_port) + probe("http", ", port: " + std::to_string(kWebPort)) +
         "targets:\n  - name: far\n    hosts: [" + link_.b4 +
         "]\n    probes: [icmp, tcp_connect, tcp_echo, udp_echo, http]\n";
}

void KernelTest::connect_and_exchange(const std::string& host, int connections) const {
  here_.run([&] {
    for (int i = 0; i < connections; ++i) {
      const auto fd = support::connect_tcp(host, kEchoPort);
      ASSERT_TRUE(fd.ok()) << fd.error().message;
      ASSERT_TRUE(support::exchange(fd->get(), "ping"));
    }
  });
}

void KernelTest::exchange_on_one_connection(const std::string& host, int exchanges) const {
  here_.run([&] {
    const auto fd = support::connect_tcp(host, kEchoPort);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    for (int i = 0; i < exchanges; ++i) ASSERT_TRUE(support::exchange(fd->get(), "ping"));
  });
}

double KernelTest::count(const support::Scrape& scrape, const std::string& method,
                         const std::string& peer) {
  return scrape.sum("rtt_seconds_count", {{"peer", peer}, {"method", method}});
}

}  // namespace rtt::kernels_test
