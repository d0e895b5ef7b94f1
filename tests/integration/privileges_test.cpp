// What is left of the privileges that the program is started with, and that it works all the same.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "integration/every_method.h"
#include "support/daemon.h"
#include "support/http_client.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/socket.h"
#include "support/temporary_directory.h"
#include "support/thread_status.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::capability_mask;
using support::Daemon;
using support::Namespace;
using support::Scrape;
using support::TemporaryDirectory;
using support::thread_status;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<int> kKept = {CAP_BPF, CAP_PERFMON, CAP_NET_RAW};
const std::string kNobody = "65534\t65534\t65534\t65534";
const std::string kRoot = "0\t0\t0\t0";

// As Kubernetes starts a container with `drop: [ALL]`, these added, and a root that is read-only.
const std::vector<std::string> kContainer = {
    "unshare", "--mount", "sh", "-c",
    "mount --make-rprivate / && mount -o remount,bind,ro / && exec setpriv --no-new-privs "
    "--inh-caps=-all --bounding-set=-all,+bpf,+perfmon,+net_raw,+setuid,+setgid \"$0\" \"$@\""};

void expect_capabilities(pid_t pid, const std::vector<int>& bounding) {
  for (const char* field : {"CapEff", "CapPrm"}) {
    EXPECT_THAT(thread_status(pid, field), ElementsAre(capability_mask(kKept))) << field;
  }
  for (const char* field : {"CapInh", "CapAmb"}) {
    EXPECT_THAT(thread_status(pid, field), ElementsAre(capability_mask({}))) << field;
  }
  EXPECT_THAT(thread_status(pid, "CapBnd"), ElementsAre(capability_mask(bounding)));
  EXPECT_THAT(thread_status(pid, "NoNewPrivs"), ElementsAre("1"));
}

void expect_to_measure(const Daemon& daemon) {
  EXPECT_TRUE(every_source_is_up(daemon.scrape_until(every_method_measures)));
  EXPECT_EQ(daemon.reload().status, 200);
  const double before = daemon.scrape().sum("rtt_seconds_count", {{"method", "tcp_probe"}});
  EXPECT_TRUE(every_source_is_up(daemon.scrape_until([&](const Scrape& now) {
    return every_method_measures(now) &&
           now.sum("rtt_seconds_count", {{"method", "tcp_probe"}}) > before;
  })));
}

TEST(StartedAsRoot, EveryThreadIsNobodyWithThreeCapabilities) {
  const Namespace here;
  Daemon daemon(here, kEveryMethod);
  const pid_t pid = daemon.process().pid();
  expect_capabilities(pid, {});
  EXPECT_THAT(thread_status(pid, "Uid"), ElementsAre(kNobody));
  EXPECT_THAT(thread_status(pid, "Gid"), ElementsAre(kNobody));
  EXPECT_THAT(thread_status(pid, "Groups"), ElementsAre(" "));
}

TEST(StartedAsRoot, EveryMethodMeasuresAlsoAfterAReload) {
  const Namespace here;
  const Daemon daemon(here, kEveryMethod);
  expect_to_measure(daemon);
}

TEST(StartedAsRoot, SaysAsWhomItRunsAndWhatItKept) {
  const Namespace here;
  Daemon daemon(here, kEveryMethod);
  EXPECT_THAT(daemon.process().errors(),
              HasSubstr("msg=\"running as\" user=nobody capabilities=\"CAP_BPF CAP_PERFMON "
                        "CAP_NET_RAW\""));
}

TEST(StartedAsRoot, CountsTheRunTimeOfBpfProgramsAlsoAfterAReload) {
  const Namespace here;
  const Daemon daemon(here, kEveryMethod);
  ASSERT_EQ(daemon.reload().status, 200);
  const double before = daemon.scrape().sum("rtt_exporter_bpf_run_seconds_total");
  (void)daemon.scrape_until(
      [&](const Scrape& now) { return now.sum("rtt_exporter_bpf_run_seconds_total") > before; });
}

TEST(StartedAsRoot, ServesPortsThatTakeAPrivilege) {
  const Namespace here;
  Daemon daemon(
      here, Daemon::Options{
                .config = "echo_server: {listen: [\"127.0.0.1:7\"]}\n"
                          "probes:\n"
                          "  stream: {method: tcp_echo, port: 7, interval: 50ms}\n"
                          "  datagram: {method: udp_echo, port: 7, interval: 50ms}\n"
                          "targets:\n  - name: self\n    hosts: [127.0.0.1]\n"
                          "    probes: [stream, datagram]\n",
                .arguments = {"--web.listen-address=:80", "--web.listen-address=127.0.0.1:10049"}});
  ASSERT_EQ(daemon.reload().status, 200);
  (void)daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_seconds_count", {{"method", "tcp_echo"}}) > 0 &&
           now.sum("rtt_seconds_count", {{"method", "udp_echo"}}) > 0;
  });
  EXPECT_EQ(support::fetch({.where = &here, .port = 80, .path = "/-/ready"})->status, 200);
  EXPECT_THAT(thread_status(daemon.process().pid(), "Uid"), ElementsAre(kNobody));
}

TEST(StartedAsRoot, EndsWithItsParentIfThatWasWanted) {
  const Namespace here;
  auto parent = std::make_unique<support::Process>(
      std::vector<std::string>{"sh", "-c", "setpriv --pdeathsig KILL \"$0\" & echo $!; wait",
                               RTT_BINARY_DIR "/rtt_exporter"},
      support::ProcessOptions{.where = &here});
  ASSERT_TRUE(parent->wait_for_text("msg=listening", 30s)) << parent->errors();
  const pid_t daemon = std::stoi(parent->output());
  parent.reset();
  EXPECT_TRUE(support::wait_until([&] { return ::kill(daemon, 0) != 0; }));
}

TEST(StartedInAContainer, EveryMethodMeasuresAlsoAfterAReload) {
  const Namespace here;
  const Daemon daemon(here, Daemon::Options{.config = kEveryMethod, .launcher = kContainer});
  expect_to_measure(daemon);
}

TEST(StartedInAContainer, EveryThreadIsNobodyWithThreeCapabilities) {
  const Namespace here;
  Daemon daemon(here, Daemon::Options{.config = kEveryMethod, .launcher = kContainer});
  const pid_t pid = daemon.process().pid();
  // To empty the bounding set takes CAP_SETPCAP; no_new_privs makes up for it.
  expect_capabilities(pid, {CAP_BPF, CAP_PERFMON, CAP_NET_RAW, CAP_SETUID, CAP_SETGID});
  EXPECT_THAT(thread_status(pid, "Uid"), ElementsAre(kNobody));
}

TEST(StartedWithoutSetuid, StaysRootAndSaysWhy) {
  const Namespace here;
  Daemon daemon(here, Daemon::Options{.config = kEveryMethod,
                                      .launcher = {"setpriv", "--inh-caps=-all",
                                                   "--bounding-set=-all,+bpf,+perfmon,+net_raw"}});
  expect_capabilities(daemon.process().pid(), kKept);
  EXPECT_THAT(thread_status(daemon.process().pid(), "Uid"), ElementsAre(kRoot));
  EXPECT_THAT(daemon.process().errors(), AllOf(HasSubstr("level=warn msg=\"running as root"),
                                               HasSubstr("CAP_SETUID and CAP_SETGID")));
  expect_to_measure(daemon);
}

class UnreadableFile : public ::testing::Test {
 protected:
  // Of a configuration with this file in it.
  void expect_root_because_of(const std::string& path, const std::string& config,
                              std::vector<std::string> arguments = {}) {
    Daemon daemon(here_, Daemon::Options{.config = config, .arguments = std::move(arguments)});
    EXPECT_THAT(thread_status(daemon.process().pid(), "Uid"), ElementsAre(kRoot));
    expect_capabilities(daemon.process().pid(), {});
    EXPECT_THAT(daemon.process().errors(), HasSubstr("user nobody cannot read " + path));
    EXPECT_EQ(daemon.reload().status, 200);
  }
  std::string secret(const std::string& name, const std::string& content) {
    const std::string path = directory_.write(name, content);
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }

  const Namespace here_;
  const TemporaryDirectory directory_;
};

TEST_F(UnreadableFile, WebConfigurationKeepsItRoot) {
  const std::string path = secret("web.yml", "{}\n");
  expect_root_because_of(path, kEveryMethod, {"--web.config.file=" + path});
}

TEST_F(UnreadableFile, DiscoveryFileKeepsItRoot) {
  const std::string path = secret("a.json", R"([{"targets": ["127.0.0.9"]}])");
  expect_root_because_of(path, "targets:\n  - name: found\n    files: [" + path + "]\n");
}

TEST_F(UnreadableFile, DiscoveryDirectoryKeepsItRoot) {
  const std::string path = directory_.path() + "/closed/";
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  expect_root_because_of(path, "targets:\n  - name: found\n    files: [" + path + "*.json]\n");
}

TEST_F(UnreadableFile, OfAnotherUserIsSaidAtTheStartAndAtTheReload) {
  const std::string path = secret("rtt_exporter.yml", kEveryMethod);
  ASSERT_EQ(::chown(path.c_str(), 1, 1), 0);
  Daemon daemon(here_, Daemon::Options{.arguments = {"--config.file=" + path}});
  EXPECT_THAT(daemon.process().errors(), HasSubstr("a reload will be refused"));
  const auto response = daemon.reload();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, AllOf(HasSubstr(path), HasSubstr("Permission denied")));
}

TEST_F(UnreadableFile, ThatBecameOneLaterIsARefusedReload) {
  const std::string path = directory_.write("rtt_exporter.yml", kEveryMethod);
  const Daemon daemon(here_, Daemon::Options{.arguments = {"--config.file=" + path}});
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const auto response = daemon.reload();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, AllOf(HasSubstr(path), HasSubstr("Permission denied")));
  EXPECT_EQ(daemon.scrape().value("rtt_exporter_config_last_reload_successful"), 0);
}

}  // namespace
}  // namespace rtt::integration
