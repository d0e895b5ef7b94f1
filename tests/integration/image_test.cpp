// The root of the container image, as config/docker/image_tree.sh lays it out for the Dockerfile, run as a container
// is: in its own root, which is read-only, as uid 0 with the capabilities of the DaemonSet and no other.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <regex>
#include <set>

#include "support/http_client.h"
#include "support/metrics_text.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"
#include "support/thread_status.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Namespace;
using support::Process;
using support::Scrape;
using ::testing::ElementsAre;

const std::filesystem::path kSource = RTT_SOURCE_DIR;

/// The strings of an instruction in the Dockerfile such as ENTRYPOINT ["a", "b"].
std::vector<std::string> instruction(const std::string& name) {
  const std::string text = support::read_file(kSource / "config/docker/Dockerfile");
  std::smatch match;
  if (!std::regex_search(text, match, std::regex("\n" + name + R"( (\[[^\n]*\])\n)"))) return {};
  return YAML::Load(match.str(1)).as<std::vector<std::string>>();
}

std::set<int> capabilities_of_the_daemon_set() {
  const std::map<std::string, int> numbers = {{"BPF", CAP_BPF},
                                              {"PERFMON", CAP_PERFMON},
                                              {"NET_RAW", CAP_NET_RAW},
                                              {"SETUID", CAP_SETUID},
                                              {"SETGID", CAP_SETGID}};
  const YAML::Node daemon_set = YAML::LoadFile(kSource / "config/kubernetes/base/daemonset.yaml");
  const YAML::Node container = daemon_set["spec"]["template"]["spec"]["containers"][0];
  std::set<int> granted;
  for (const YAML::Node& name : container["securityContext"]["capabilities"]["add"]) {
    granted.insert(numbers.at(name.as<std::string>()));
  }
  return granted;
}

class Image : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<support::TemporaryDirectory>();
    support::run_command(
        {kSource / "config/docker/image_tree.sh", RTT_BINARY_DIR "/rtt_exporter", root()});
  }
  static void TearDownTestSuite() { directory_.reset(); }

  static std::string root() { return directory_->path() + "/root"; }

  /// What the kubelet and its runtime do, and then the image's own command.
  static std::vector<std::string> container() {
    std::string drop;
    const std::set<int> granted = capabilities_of_the_daemon_set();
    const int last = std::stoi(support::read_file("/proc/sys/kernel/cap_last_cap"));
    for (int capability = 0; capability <= last; ++capability) {
      if (granted.count(capability) > 0) continue;
      drop += (drop.empty() ? "" : ",") + std::to_string(capability);
    }
    const std::string start =
        "set -e; mount --bind $0 $0; mount -t proc -o ro proc $0/proc; mount -t sysfs -o ro sysfs "
        "$0/sys; mount -o remount,bind,ro $0; exec setpriv --no-new-privs capsh --chroot=$0 \"$@\"";
    std::vector<std::string> argv = {"unshare",
                                     "--mount",
                                     "sh",
                                     "-c",
                                     start,
                                     root(),
                                     "--drop=" + drop,
                                     "--shell=" + instruction("ENTRYPOINT").at(0),
                                     "--"};
    for (const std::string& argument : instruction("CMD")) argv.push_back(argument);
    return argv;
  }

 private:
  static inline std::unique_ptr<support::TemporaryDirectory> directory_;
};

TEST_F(Image, HasOneProgramAndNoShell) {
  std::vector<std::string> programs;
  for (const char* directory : {"/usr/bin", "/usr/sbin"}) {
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(root() + directory, absent)) {
      programs.push_back(entry.path().filename());
    }
  }
  EXPECT_THAT(programs, ElementsAre("rtt_exporter"));
}

TEST_F(Image, HasNothingThatGivesAnotherUser) {
  using std::filesystem::perms;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root())) {
    EXPECT_EQ(entry.symlink_status().permissions() & (perms::set_uid | perms::set_gid), perms::none)
        << entry.path();
  }
}

TEST_F(Image, HasTheLicenceOfEveryPackageInIt) {
  const std::filesystem::path packages = root() + "/var/lib/dpkg/status.d";
  EXPECT_TRUE(std::filesystem::exists(packages / "libc6"));
  for (const auto& entry : std::filesystem::directory_iterator(packages)) {
    const auto licence =
        std::filesystem::path(root()) / "usr/share/doc" / entry.path().filename() / "copyright";
    EXPECT_TRUE(std::filesystem::exists(licence)) << licence;
  }
}

TEST_F(Image, BecomesItsUserWithThreeCapabilities) {
  const Namespace here;
  Process container(this->container(), {.where = &here});
  const auto ready = [&] {
    const auto response = support::fetch({.where = &here, .path = "/-/ready"});
    return response && response->status == 200;
  };
  ASSERT_TRUE(support::wait_until(ready, 30s, 100ms)) << container.errors();
  EXPECT_THAT(support::thread_status(container.pid(), "Uid"),
              ElementsAre("10049\t10049\t10049\t10049"));
  for (const char* set : {"CapEff", "CapPrm"}) {
    EXPECT_THAT(support::thread_status(container.pid(), set),
                ElementsAre(support::capability_mask({CAP_BPF, CAP_PERFMON, CAP_NET_RAW})))
        << set;
  }
}

TEST_F(Image, MeasuresAsRootWithTheCapabilitiesOfTheDaemonSet) {
  const Namespace here;
  Process container(this->container(), {.where = &here});
  const auto measured = [&] {
    const auto response = support::fetch({.where = &here, .path = "/metrics"});
    if (!response || response->status != 200) return false;
    const auto scrape = Scrape::parse(response->body);
    if (!scrape) return false;
    const auto counted = [&](const char* method) {
      return scrape->sum("rtt_seconds_count", {{"method", method}}) > 0;
    };
    return counted("icmp") && counted("tcp_connect") && counted("tcp_echo") &&
           counted("tcp_info") && counted("tcp_probe") && counted("tcp_handshake");
  };
  EXPECT_TRUE(support::wait_until(measured, 30s, 100ms)) << container.errors();
}

}  // namespace
}  // namespace rtt::integration
