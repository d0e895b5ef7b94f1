// tcp_info of the connections of other network namespaces, as the user of the program sees it.
#include <gmock/gmock.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <memory>
#include <optional>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;
using support::Process;
using support::Scrape;
using support::TcpService;
using ::testing::HasSubstr;

constexpr std::uint16_t kPort = 7;
constexpr uid_t kNobody = 65534;
constexpr const char* kSource = "tcp_info_namespaces";

// A loopback address that no other test uses: all namespaces of the machine are seen.
std::string own_address() {
  const auto pid = static_cast<unsigned>(::getpid());
  return "127.99." + std::to_string(pid >> 8 & 255) + "." + std::to_string(pid & 255);
}

std::string config(const std::string& namespaces = "all") {
  return "passive:\n  tcp_probe: {enabled: false}\n  tcp_info: {interval: 100ms, namespaces: " +
         namespaces + "}\ntargets:\n  - name: far\n    networks: [" + own_address() + "/32]\n";
}

// A namespace, as its process keeps it.
class Pod {
 public:
  explicit Pod(std::vector<std::string> unshare = {"unshare", "--net"}) {
    const std::string script = "ip link set lo up; echo ready; exec sleep 1000";
    unshare.insert(unshare.end(), {"sh", "-c", script});
    process_ = std::make_unique<Process>(unshare);
    EXPECT_TRUE(process_->wait_for_text("ready", 30s)) << process_->errors();
  }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] Namespace inside() const { return Namespace::of(pid()); }

 private:
  std::unique_ptr<Process> process_;
};

// Connections to own_address() inside a namespace.
class Connections {
 public:
  Connections(const Namespace& where, int count) : service_(where, kPort, support::echo) {
    where.run([&] {
      for (int i = 0; i < count; ++i) {
        auto fd = support::connect_tcp(own_address(), kPort);
        ASSERT_TRUE(fd.ok()) << fd.error().message;
        fds_.push_back(std::move(*fd));
      }
    });
  }
  // Data segments so far, as the kernel counts them.
  [[nodiscard]] double sent() const {
    double sum = 0;
    for (const base::UniqueFd& fd : fds_) {
      tcp_info info{};
      socklen_t length = sizeof info;
      EXPECT_EQ(::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &length), 0);
      sum += info.tcpi_data_segs_out;
    }
    return sum;
  }
  void exchange(int rounds) const {
    for (const base::UniqueFd& fd : fds_) {
      for (int i = 0; i < rounds; ++i) ASSERT_TRUE(support::exchange(fd.get(), "ping"));
    }
  }

 private:
  TcpService service_;
  std::list<base::UniqueFd> fds_;
};

double up(const Scrape& scrape) {
  return scrape.value("rtt_source_up", {{"source", kSource}}).value_or(-1);
}
double polls(const Scrape& scrape) { return scrape.sum("rtt_exporter_tcp_info_polls_total"); }
double connections(const Scrape& scrape) {
  return scrape.sum("rtt_tcp_connections", {{"target", "far"}});
}
double segments(const Scrape& scrape) {
  return scrape.sum("rtt_tcp_segments_sent_total", {{"target", "far"}});
}
double errors(const Scrape& scrape, const std::string& reason) {
  return scrape.sum("rtt_exporter_tcp_info_namespace_errors_total", {{"reason", reason}});
}
double namespaces(const Scrape& scrape) { return scrape.sum("rtt_exporter_tcp_info_namespaces"); }

// A line of /proc/PID/status, without its name.
std::string status_of(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return {};
}

// Not if it is dead and waits for its parent.
bool is_running(pid_t pid) {
  const std::string state = status_of(pid, "State");
  return !state.empty() && state[0] != 'Z';
}

// The daemon's child.
pid_t opener_of(Daemon& daemon) {
  const std::string parent = std::to_string(daemon.process().pid());
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && status_of(pid, "PPid") == parent) return pid;
  }
  return -1;
}

std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class NamespacesTest : public ::testing::Test {
 protected:
  // Two polls that began after this call.
  static void wait_for_polls(const Daemon& daemon) {
    const double before = polls(daemon.scrape());
    daemon.scrape_until([&](const Scrape& now) { return polls(now) >= before + 3; });
  }

  Namespace here_;
};

TEST_F(NamespacesTest, ConnectionsInsideAreCounted) {
  const Pod pod;
  const Namespace inside = pod.inside();
  const Connections four(inside, 4);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 4; });
}

TEST_F(NamespacesTest, ConnectionsOfAContainerWithoutRootAreCounted) {
  const Pod pod({"unshare", "--user", "--map-root-user", "--net"});
  const Namespace inside = pod.inside();
  const Connections four(inside, 4);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 4; });
}

TEST_F(NamespacesTest, TheSameAddressInTwoNamespacesIsOnePeer) {
  const Pod a;
  const Pod b;
  const Namespace inside_a = a.inside();
  const Namespace inside_b = b.inside();
  const Connections two(inside_a, 2);
  const Connections three(inside_b, 3);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 5; });
}

TEST_F(NamespacesTest, SegmentsFromBeforeTheFirstPollDoNotCount) {
  const Pod pod;
  const Namespace inside = pod.inside();
  const Connections old(inside, 2);
  old.exchange(10);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 2; });
  EXPECT_EQ(segments(daemon.scrape()), 0);
  const double before = old.sent();
  old.exchange(5);
  wait_for_polls(daemon);
  EXPECT_EQ(segments(daemon.scrape()), old.sent() - before);
}

TEST_F(NamespacesTest, AllSegmentsOfAYoungerNamespaceCount) {
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return up(now) == 1; });
  const Pod pod;
  const Namespace inside = pod.inside();
  const Connections young(inside, 2);
  young.exchange(10);
  wait_for_polls(daemon);
  EXPECT_GE(young.sent(), 20);
  EXPECT_EQ(segments(daemon.scrape()), young.sent());
}

TEST_F(NamespacesTest, OwnConnectionsCountOnce) {
  const Process sleeper({"sleep", "1000"}, {.where = &here_});
  const Connections three(here_, 3);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 3; });
  wait_for_polls(daemon);
  EXPECT_EQ(connections(daemon.scrape()), 3);
}

TEST_F(NamespacesTest, ConnectionsThatEndAreNoLongerCounted) {
  const Pod pod;
  const Namespace inside = pod.inside();
  std::optional<Connections> four(std::in_place, inside, 4);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 4; });
  four.reset();
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 0; });
}

TEST_F(NamespacesTest, ADeletedNamespaceGoesWithItsInterfaces) {
  const Daemon daemon(here_, config());
  auto pod = std::make_unique<Pod>();
  here_.command({"ip", "link", "add", "pod0", "type", "veth", "peer", "name", "eth0", "netns",
                 std::to_string(pod->pid())});
  const auto exists = [&] {
    return here_.command({"ip", "-o", "link"}).find("pod0") != std::string::npos;
  };
  wait_for_polls(daemon);
  ASSERT_TRUE(exists());
  pod.reset();
  EXPECT_TRUE(support::wait_until([&] { return !exists(); }, 30s));
}

TEST_F(NamespacesTest, AHundredNamespacesArePolled) {
  std::list<Process> pods;
  for (int i = 0; i < 100; ++i)
    pods.emplace_back(std::vector<std::string>{"unshare", "--net", "sleep", "1000"});
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return namespaces(now) >= 101; }, 60s);
}

TEST_F(NamespacesTest, NothingLeaksWhenAThousandComeAndGo) {
  Daemon daemon(here_, config());
  const pid_t opener = opener_of(daemon);
  ASSERT_GT(opener, 0);
  wait_for_polls(daemon);
  const auto all = [&] { return descriptors_of(daemon.process().pid()) + descriptors_of(opener); };
  const std::size_t before = all();
  const pid_t nomad = ::fork();
  ASSERT_GE(nomad, 0);
  if (nomad == 0) {
    for (int i = 0; i < 1000; ++i) {
      if (::unshare(CLONE_NEWNET) != 0) ::_exit(1);
    }
    ::_exit(0);
  }
  int ended = -1;
  ASSERT_EQ(::waitpid(nomad, &ended, 0), nomad);
  EXPECT_EQ(ended, 0);
  wait_for_polls(daemon);
  EXPECT_TRUE(support::wait_until([&] { return all() <= before; }, 30s)) << all() << " " << before;
}

TEST_F(NamespacesTest, TheOpenerHasTwoCapabilitiesAndCannotGetMore) {
  Daemon daemon(here_, config());
  const pid_t opener = opener_of(daemon);
  ASSERT_GT(opener, 0);
  const std::string admin_and_ptrace = "0000000000280000";
  const std::string none = "0000000000000000";
  ASSERT_TRUE(support::wait_until([&] { return status_of(opener, "CapPrm") == admin_and_ptrace; }));
  ASSERT_TRUE(support::wait_until([&] { return status_of(opener, "NoNewPrivs") == "1"; }));
  EXPECT_EQ(status_of(opener, "CapEff"), admin_and_ptrace);
  for (const char* set : {"CapInh", "CapAmb", "CapBnd"})
    EXPECT_EQ(status_of(opener, set), none) << set;
  EXPECT_EQ(status_of(opener, "Name"), "rtt_ns_opener");
}

TEST_F(NamespacesTest, TheOpenerHoldsOnlyWhatItNeeds) {
  Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return up(now) == 1; });
  // Three standard ones, the socket, /proc and its own namespace; three more while it works.
  EXPECT_LE(descriptors_of(opener_of(daemon)), 9U);
}

TEST_F(NamespacesTest, AnOpenerThatIsKilledIsSaidAndTheOwnNamespaceIsPolledOn) {
  Daemon daemon(here_, config());
  const Connections own(here_, 2);
  daemon.scrape_until([](const Scrape& now) { return up(now) == 1 && connections(now) == 2; });
  ASSERT_EQ(::kill(opener_of(daemon), SIGKILL), 0);
  const Scrape after =
      daemon.scrape_until([](const Scrape& now) { return up(now) == 0 && namespaces(now) == 1; });
  EXPECT_GE(errors(after, "opener_gone"), 1);
  EXPECT_EQ(after.value("rtt_source_up", {{"source", "tcp_info"}}), 1);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("only a restart"));
  wait_for_polls(daemon);
  EXPECT_EQ(connections(daemon.scrape()), 2);
}

TEST_F(NamespacesTest, TheOpenerOutlivesTheSignalsThatStopTheService) {
  Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return up(now) == 1; });
  for (const int signal : {SIGHUP, SIGINT, SIGTERM})
    ASSERT_EQ(::kill(opener_of(daemon), signal), 0);
  wait_for_polls(daemon);
  EXPECT_EQ(up(daemon.scrape()), 1);
}

TEST_F(NamespacesTest, TheOpenerEndsWithTheDaemon) {
  Daemon daemon(here_, config());
  const pid_t opener = opener_of(daemon);
  ASSERT_GT(opener, 0);
  ASSERT_EQ(daemon.stop(10s), 0);
  EXPECT_TRUE(support::wait_until([&] { return !is_running(opener); }, 30s));
}

TEST_F(NamespacesTest, TheOpenerEndsWithADaemonThatIsKilled) {
  Daemon daemon(here_, config());
  const pid_t opener = opener_of(daemon);
  ASSERT_GT(opener, 0);
  ASSERT_EQ(::kill(opener, SIGSTOP), 0);
  daemon.process().signal(SIGKILL);
  ASSERT_TRUE(daemon.process().wait(10s));
  EXPECT_TRUE(support::wait_until([&] { return !is_running(opener); }, 30s));
}

TEST_F(NamespacesTest, WithoutPrivilegeThatIsSaidAndTheOwnNamespaceIsPolled) {
  Daemon daemon(here_, Daemon::Options{.config = config(), .user = kNobody});
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) { return polls(now) > 0; });
  EXPECT_EQ(up(scrape), 0);
  EXPECT_EQ(scrape.value("rtt_source_up", {{"source", "tcp_info"}}), 1);
  EXPECT_EQ(namespaces(scrape), 1);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("needs CAP_SYS_ADMIN and CAP_SYS_PTRACE"));
  EXPECT_EQ(opener_of(daemon), -1);
}

TEST_F(NamespacesTest, AReloadLeavesOthersAloneAndTakesThemUpAgain) {
  const Pod pod;
  const Namespace inside = pod.inside();
  const Connections three(inside, 3);
  const Daemon daemon(here_, config());
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 3; });
  daemon.write_config(config("own"));
  ASSERT_EQ(daemon.reload().status, 200);
  const Scrape own = daemon.scrape_until([](const Scrape& now) { return connections(now) == 0; });
  EXPECT_EQ(up(own), -1);
  EXPECT_EQ(namespaces(own), 1);
  daemon.write_config(config("all"));
  ASSERT_EQ(daemon.reload().status, 200);
  daemon.scrape_until([](const Scrape& now) { return connections(now) == 3 && up(now) == 1; });
}

TEST_F(NamespacesTest, AReloadMayLeaveASourceOffThatWouldAskForOthers) {
  const std::string off = "passive: {tcp_info: {enabled: false, namespaces: all}}\n";
  const Daemon daemon(here_, off);
  EXPECT_EQ(daemon.reload().status, 200);
}

TEST_F(NamespacesTest, AReloadCannotAskForOthersFirst) {
  Daemon daemon(here_, config("own"));
  EXPECT_EQ(opener_of(daemon), -1);
  daemon.write_config(config("all"));
  const auto response = daemon.reload();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("passive.tcp_info.namespaces"));
  EXPECT_THAT(response.body, HasSubstr("restart"));
}

}  // namespace
}  // namespace rtt::integration
