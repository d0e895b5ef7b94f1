// What goes wrong around the program costs only what it must.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <list>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Finished;
using support::LabelSet;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;
constexpr std::uint16_t kPort = 7;

const std::string kSelf =
    "echo_server:\n  listen: [\"127.0.0.1:10007\"]\n"
    "passive:\n  tcp_info: {interval: 100ms}\n"
    "probes:\n  ping: {method: icmp, interval: 50ms, timeout: 1s}\n"
    "  connect: {method: tcp_connect, port: 10007, interval: 50ms, timeout: 1s}\n"
    "  echo: {method: tcp_echo, port: 10007, interval: 50ms, timeout: 1s}\n"
    "targets:\n  - name: self\n    hosts: [127.0.0.1]\n    probes: [ping, connect, echo]\n";

double observations(const Scrape& scrape, const std::string& target, const std::string& method) {
  return scrape.sum("rtt_seconds_count", {{"target", target}, {"method", method}});
}

int lines_with(const std::string& text, const std::string& word) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(UnresolvableName, DegradesOnlyItsOwnPeer) {
  const Namespace here;
  const Daemon daemon(here,
                      "probes:\n  ping: {method: icmp, interval: 50ms, timeout: 1s}\n"
                      "targets:\n  - name: mixed\n    hosts: [nowhere.invalid, 127.0.0.1]\n"
                      "    probes: [ping]\n");
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_probes_replied_total", {{"peer", "127.0.0.1"}}) > 5 &&
           now.sum("rtt_probes_failed_total", {{"peer", "nowhere.invalid"}}) > 5;
  });
  const LabelSet nowhere = {{"peer", "nowhere.invalid"}};
  EXPECT_EQ(scrape.sum("rtt_probes_failed_total",
                       {{"peer", "nowhere.invalid"}, {"reason", "unresolved"}}),
            scrape.sum("rtt_probes_sent_total", nowhere));
  EXPECT_EQ(scrape.value("rtt_probe_up", nowhere), 0);
  EXPECT_EQ(scrape.value("rtt_probe_up", {{"peer", "127.0.0.1"}}), 1);
  EXPECT_GE(scrape.value("rtt_exporter_dns_unresolved_hosts"), 1);
}

TEST(FullSeriesTable, TrafficOfPeersWithoutRoomCountsAsOther) {
  const Namespace here;
  const Namespace there;
  const support::LinkAddresses link = connect_by_veth(here, there);
  const support::TcpService echo(there, kPort, support::echo);
  std::string config = "limits: {max_series: 9}\ntargets:\n  - name: crowd\n    networks: [";
  for (int i = 1; i <= 20; ++i) config += "192.0.2." + std::to_string(i) + "/32, ";
  const Daemon daemon(
      here, config + "198.51.100.0/24]\n  - name: last\n    networks: [" + link.b4 + "/32]\n");
  const Scrape before = daemon.scrape();
  here.run([&] {
    for (int i = 0; i < 10; ++i) {
      const auto fd = support::connect_tcp(link.b4, kPort);
      ASSERT_TRUE(fd.ok() && support::exchange(fd->get(), "ping"));
    }
  });
  const Scrape after = daemon.scrape();
  EXPECT_LE(after.value("rtt_exporter_series"), 9);
  EXPECT_GT(after.value("rtt_exporter_series_dropped_total"), 0);
  EXPECT_TRUE(after.samples("rtt_seconds_count", {{"target", "last"}}).empty());
  EXPECT_GE(observations(after, "other", "tcp_handshake") -
                observations(before, "other", "tcp_handshake"),
            10);
}

TEST(HungScrapers, DoNotHoldUpOthers) {
  const Namespace here;
  const Daemon daemon(here, kSelf);
  std::list<base::UniqueFd> hung;
  here.run([&] {
    for (int i = 0; i < 50; ++i) {
      auto fd = support::connect_tcp("127.0.0.1", 10049);
      ASSERT_TRUE(fd.ok()) << fd.error().message;
      // Half of them never end their request, half never read the answers.
      const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
      const int window = 4096;
      ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
      ASSERT_TRUE(support::send_all(fd->get(), i % 2 == 0 ? request : request + "\r\n"));
      hung.push_back(std::move(*fd));
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto response = daemon.get("/metrics");
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
  }
}

TEST(NoPrivilege, ProgramMeasuresWithWhatIsLeft) {
  const Namespace here;
  const Daemon daemon(here, Daemon::Options{.config = kSelf, .user = kNobody});
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) {
    for (const char* method : {"icmp", "tcp_connect", "tcp_echo", "tcp_info"}) {
      if (observations(now, "self", method) == 0) return false;
    }
    return true;
  });
  EXPECT_EQ(scrape.value("rtt_source_up", {{"source", "tcp_info"}}), 1);
}

TEST(NoPrivilege, SourceThatIsOffIsShownAndSaidOnce) {
  const Namespace here;
  Daemon daemon(here, Daemon::Options{.config = kSelf, .user = kNobody});
  EXPECT_EQ(daemon.scrape().value("rtt_source_up", {{"source", "tcp_probe"}}), 0);
  ASSERT_EQ(daemon.reload().status, 200);
  EXPECT_EQ(lines_with(daemon.process().errors(), "source=tcp_probe"), 1)
      << daemon.process().errors();
}

TEST(NoPingSockets, IcmpIsOffAndTheRestWorks) {
  const Namespace here;
  here.sysctl("ipv4/ping_group_range", "1 0");
  const Daemon daemon(here, Daemon::Options{.config = kSelf, .user = kNobody});
  const Scrape scrape = daemon.scrape_until(
      [](const Scrape& now) { return observations(now, "self", "tcp_echo") > 0; });
  EXPECT_EQ(scrape.value("rtt_source_up", {{"source", "icmp"}}), 0);
  EXPECT_EQ(observations(scrape, "self", "icmp"), 0);
}

TEST(AddressInUse, IsOneSentenceAndExitCode1) {
  const Namespace here;
  const auto taken = here.run([] { return support::listen_tcp(10049); });
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  const Finished finished = support::run_daemon(here, {});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("10049"));
  EXPECT_THAT(finished.errors, HasSubstr("in use"));
  EXPECT_EQ(lines_with(finished.errors, "level=error"), 1) << finished.errors;
}

TEST(EchoServerAddressInUse, IsOneSentenceAndExitCode1) {
  const Namespace here;
  const auto taken = here.run([] { return support::listen_tcp(10007); });
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  const Finished finished = support::run_daemon(here, {});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("10007"));
  EXPECT_EQ(lines_with(finished.errors, "level=error"), 1) << finished.errors;
}

TEST(MissingConfigFile, IsSaidWithItsNameAndExitCode1) {
  const Namespace here;
  const Finished finished = support::run_daemon(here, {"--config.file=/nonexistent/rtt.yml"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("/nonexistent/rtt.yml"));
}

TEST(UnknownFlag, IsUsageAndExitCode2) {
  const Namespace here;
  const Finished finished = support::run_daemon(here, {"--no.such.flag"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.errors, HasSubstr("--config.file"));
}

}  // namespace
}  // namespace rtt::integration
