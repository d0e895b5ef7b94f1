// How probes leave the host: what each method's packets look like on the wire, and where they go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <map>

#include "integration/configuration.h"
#include "support/capture.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::IpPacket;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr std::uint16_t kPort = 10007;
const std::array<std::string, 3> kMethods = {"icmp", "tcp_connect", "tcp_echo"};

/// Two hosts with two links between them. The far one is probed at an address that is on neither:
/// the near one's main table reaches it by the first link. By the address family of the probes.
class SocketOptions : public testing::TestWithParam<const char*> {
 protected:
  SocketOptions() {
    for (const Namespace* host : {&near_, &far_}) {
      for (const char* device : {"all", "default", "veth0", "veth1"}) {
        host->sysctl(std::string("ipv4/conf/") + device + "/rp_filter", "0");
      }
    }
    far_.command({"ip", "addr", "add", kPeer + prefix(), "dev", "lo"});
    near_.command({"ip", "addr", "add", kSource + prefix(), "dev", "lo"});
    route(near_, kPeer, "veth0", "10", "main");
    route(near_, kPeer, "veth1", "20", "main");
    far_.command({"ip", "route", "add", kSource, "via", v4() ? first_.a4 : first_.a6});
  }

  [[nodiscard]] static bool v4() { return std::string(GetParam()) == "ipv4"; }
  [[nodiscard]] static std::string prefix() { return v4() ? "/32" : "/128"; }
  void route(const Namespace& where, const std::string& to, const std::string& device,
             const std::string& metric, const std::string& table) {
    const support::LinkAddresses& link = device == "veth0" ? first_ : second_;
    where.command({"ip", "route", "add", to, "via", v4() ? link.b4 : link.b6, "dev", device,
                   "metric", metric, "table", table});
  }
  /// All methods, with these keys.
  [[nodiscard]] std::string config(const std::string& keys) const {
    std::string text = passive(false, false) + "probes:\n";
    for (const std::string& method : kMethods) {
      const std::string port = method == "tcp_connect" ? ", port: " + std::to_string(kPort) : "";
      text += "  " + method + ": {method: " + method + port + ", interval: 50ms, timeout: 500ms, " +
              keys + "}\n";
    }
    return text + "targets:\n  - name: t\n    hosts: [\"" + kPeer +
           "\"]\n    probes: [icmp, tcp_connect, tcp_echo]\n";
  }
  /// The packets of the probes: echo requests, SYNs, and segments with data.
  [[nodiscard]] std::map<std::string, std::vector<IpPacket>> probes_in(
      const std::vector<support::CapturedPacket>& captured) const {
    std::map<std::string, std::vector<IpPacket>> probes;
    for (const auto& [time, packet] : captured) {
      if (packet.destination != base::IpAddress::parse(kPeer)) continue;
      if (packet.is_echo_request()) probes["icmp"].push_back(packet);
      if (!packet.is_tcp()) continue;
      if ((packet.tcp_flags & TH_SYN) != 0) probes["tcp_connect"].push_back(packet);
      if (packet.payload_bytes > 0) probes["tcp_echo"].push_back(packet);
    }
    return probes;
  }
  /// So many more of every method since `before`.
  [[nodiscard]] static auto more(const Scrape& before, const std::string& counter, double count,
                                 LabelSet labels = {}) {
    return [=](const Scrape& now) {
      return std::ranges::all_of(kMethods, [&](const std::string& method) {
        LabelSet of_method = labels;
        of_method["method"] = method;
        return now.sum(counter, of_method) >= before.sum(counter, of_method) + count;
      });
    };
  }
  /// The probes that were sent by `device` until every method had a few replies.
  [[nodiscard]] std::map<std::string, std::vector<IpPacket>> probes_on(const std::string& device,
                                                                       const std::string& keys) {
    support::Capture capture(near_, device, kPeer);
    {
      const Daemon daemon(near_, config(keys));
      daemon.scrape_until(more(Scrape(), "rtt_probes_replied_total", 3));
    }
    // The capture ends with a packet that goes as routed.
    if (device == "veth1") near_.command({"ip", "route", "del", kPeer, "dev", "veth0"});
    return probes_in(capture.finish());
  }

  const std::string kPeer = v4() ? "198.51.100.7" : "2001:db8:1::7";
  const std::string kSource = v4() ? "192.0.2.1" : "2001:db8:2::1";
  Namespace near_;
  Namespace far_;
  support::LinkAddresses first_ = support::connect_by_veth(near_, far_, "veth0");
  support::LinkAddresses second_ = support::connect_by_veth(near_, far_, "veth1");
  support::TcpService echo_{far_, kPort, support::echo};
};

TEST_P(SocketOptions, EveryMethodsPacketsHaveTheConfiguredDscpTtlAndSource) {
  auto probes = probes_on("veth0", "dscp: 46, ttl: 33, source: \"" + kSource + "\"");
  for (const std::string& method : kMethods) {
    EXPECT_GE(probes[method].size(), 3U) << method;
    for (const IpPacket& packet : probes[method]) {
      EXPECT_EQ(packet.traffic_class >> 2, 46) << method;
      EXPECT_EQ(packet.hop_limit, 33) << method;
      EXPECT_EQ(packet.source.to_string(), kSource) << method;
    }
  }
}

TEST_P(SocketOptions, WithoutKeysPacketsAreAsTheSystemSendsThem) {
  auto probes = probes_on("veth0", "dscp: 0");
  for (const std::string& method : kMethods) {
    EXPECT_GE(probes[method].size(), 3U) << method;
    for (const IpPacket& packet : probes[method]) {
      EXPECT_EQ(packet.traffic_class, 0) << method;
      EXPECT_EQ(packet.hop_limit, 64) << method;
      EXPECT_EQ(packet.source.to_string(), v4() ? first_.a4 : first_.a6) << method;
    }
  }
}

TEST_P(SocketOptions, EveryMethodLeavesByItsInterface) {
  auto probes = probes_on("veth1", "interface: veth1");
  for (const std::string& method : kMethods) EXPECT_GE(probes[method].size(), 3U) << method;
}

TEST_P(SocketOptions, EveryMethodsMarkIsSeenByTheRoutingRules) {
  near_.command({"ip", v4() ? "-4" : "-6", "rule", "add", "fwmark", "4000000000", "lookup", "100"});
  route(near_, kPeer, "veth1", "10", "100");
  auto probes = probes_on("veth1", "mark: 4000000000");
  for (const std::string& method : kMethods) EXPECT_GE(probes[method].size(), 3U) << method;
}

int lines_with(const std::string& text, const std::string& word) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST_P(SocketOptions, AnInterfaceMayGoAndComeBackAsAnotherOne) {
  Daemon daemon(near_, config("interface: veth1"));
  Scrape scrape = daemon.scrape_until(more(Scrape(), "rtt_probes_replied_total", 3));
  for (int i = 1; i <= 2; ++i) {
    const unsigned index = near_.run([] { return if_nametoindex("veth1"); });
    near_.command({"ip", "link", "del", "veth1"});
    scrape = daemon.scrape_until(
        more(scrape, "rtt_probes_failed_total", 5, {{"reason", "no_interface"}}));
    EXPECT_EQ(lines_with(daemon.process().errors(), "cannot bind to interface veth1"), 3 * i);
    second_ = support::connect_by_veth(near_, far_, "veth1");
    ASSERT_NE(near_.run([] { return if_nametoindex("veth1"); }), index);
    route(near_, kPeer, "veth1", "20", "main");
    scrape = daemon.scrape_until(more(scrape, "rtt_probes_replied_total", 5));
  }
}

TEST_P(SocketOptions, AnInterfaceMayChangeItsAddress) {
  Daemon daemon(near_, config("interface: veth1"));
  Scrape scrape = daemon.scrape_until(more(Scrape(), "rtt_probes_replied_total", 3));
  near_.command({"ip", "addr", "flush", "dev", "veth1", "scope", "global"});
  far_.command({"ip", "addr", "flush", "dev", "veth1", "scope", "global"});
  second_ = support::LinkAddresses::unique();
  support::configure_interface(near_, "veth1", second_.a4, second_.a6);
  support::configure_interface(far_, "veth1", second_.b4, second_.b6);
  near_.command({"ip", "route", "replace", kPeer, "via", v4() ? second_.b4 : second_.b6, "dev",
                 "veth1", "metric", "20"});
  daemon.scrape_until(more(scrape, "rtt_probes_replied_total", 5));
}

TEST_P(SocketOptions, AnInterfaceThatComesLaterIsUsedThen) {
  Daemon daemon(near_, config("interface: veth2"));
  Scrape scrape = daemon.scrape_until(
      more(Scrape(), "rtt_probes_failed_total", 3, {{"reason", "no_interface"}}));
  near_.command({"ip", "link", "set", "veth1", "down"});
  near_.command({"ip", "link", "set", "veth1", "name", "veth2"});
  near_.command({"ip", "link", "set", "veth2", "up"});
  near_.command(
      {"ip", "addr", "replace", v4() ? second_.a4 + "/30" : second_.a6 + "/64", "dev", "veth2"});
  near_.command({"ip", "route", "replace", kPeer, "via", v4() ? second_.b4 : second_.b6, "dev",
                 "veth2", "metric", "20"});
  daemon.scrape_until(more(scrape, "rtt_probes_replied_total", 5));
}

TEST_P(SocketOptions, AMarkThatThePrivilegesForbidIsAFailureAndSaidOnce) {
  constexpr uid_t kNobody = 65534;
  Daemon daemon(near_, Daemon::Options{.config = config("mark: 77"), .user = kNobody});
  const Scrape scrape =
      daemon.scrape_until(more(Scrape(), "rtt_probes_failed_total", 5, {{"reason", "no_route"}}));
  EXPECT_EQ(scrape.sum("rtt_probes_replied_total"), 0);
  EXPECT_EQ(lines_with(daemon.process().errors(), "cannot set mark 77 (needs CAP_NET_RAW"), 3);
}

TEST_P(SocketOptions, PathChangesExistForIcmpOnly) {
  const Daemon daemon(near_, config("dscp: 0"));
  const Scrape before = daemon.scrape_until(more(Scrape(), "rtt_probes_replied_total", 3));
  EXPECT_EQ(before.value("rtt_path_changes_total"), 0);
  if (v4()) {
    far_.sysctl("ipv4/ip_default_ttl", "61");
  } else {
    far_.sysctl("ipv6/conf/veth0/hop_limit", "61");
  }
  const Scrape after = daemon.scrape_until(more(before, "rtt_probes_replied_total", 5));
  EXPECT_EQ(after.value("rtt_path_changes_total", {{"method", "icmp"}}), 1);
}

INSTANTIATE_TEST_SUITE_P(Family, SocketOptions, testing::Values("ipv4", "ipv6"),
                         [](const auto& family) { return std::string(family.param); });

}  // namespace
}  // namespace rtt::integration
