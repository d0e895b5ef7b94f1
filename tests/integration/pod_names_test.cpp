// Passive series that name pods as a kubelet does, with real cgroups and traffic that is known exactly.
#include <gmock/gmock.h>

#include "integration/pod_server.h"
#include "support/cgroup.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using support::connect_tcp;
using support::Daemon;
using support::exchange;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr std::uint16_t kEchoPort = 7;
const std::string kUid = "6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
const std::string kHash(32, 'b');
const LabelSet kSource = {{"source", "kubernetes"}};

std::string pod(const std::string& uid, const std::string& name, const std::string& name_space,
                const std::string& annotations = "{}") {
  return R"({"metadata": {"name": ")" + name + R"(", "namespace": ")" + name_space +
         R"(", "uid": ")" + uid + R"(", "annotations": )" + annotations + "}}";
}

class PodNamesTest : public ::testing::Test {
 protected:
  PodNamesTest() {
    server_.set_pods(pod(kUid, "web-0", "shop"));
    server_.write_token("first");
  }

  std::string config(const std::string& ca_file) const {
    return std::string("passive:\n  labels: [pod]\n  kubernetes: {url: '") + PodServer::kUrl +
           "', token_file: " + server_.token_file() + ", ca_file: " + ca_file +
           "}\n  tcp_info: {enabled: false}\ntargets:\n  - name: far\n    networks: [" + link_.b4 +
           "/32]\n";
  }
  std::string config() const { return config(server_.ca_file()); }

  void exchange_in(const std::string& uid, int connections) {
    cgroups_.run_in("kubepods/pod" + uid, [&] {
      here_.run([&] {
        for (int i = 0; i < connections; ++i) {
          const auto fd = connect_tcp(link_.b4, kEchoPort);
          ASSERT_TRUE(fd.ok()) << fd.error().message;
          ASSERT_TRUE(exchange(fd->get(), "ping"));
          ++exchanged_;
        }
      });
    });
  }
  // Exchanges until one counts under this pod.
  void exchange_until(const Daemon& daemon, const std::string& uid, const std::string& pod,
                      const std::string& name_space) {
    (void)daemon.scrape_until([&](const Scrape& now) {
      exchange_in(uid, 1);
      return count(now, {{"pod", pod}, {"namespace", name_space}}) > 0;
    });
  }

  static double count(const Scrape& scrape, LabelSet labels) {
    labels.insert({{"target", "far"}, {"method", "tcp_probe"}});
    return scrape.sum("rtt_seconds_count", labels);
  }
  static void wait_for_failure(const Daemon& daemon, const std::string& reason) {
    const Scrape scrape = daemon.scrape_until([&](const Scrape& now) {
      return now.value("rtt_exporter_pod_errors_total", {{"reason", reason}}).value_or(0) > 0;
    });
    EXPECT_EQ(scrape.value("rtt_source_up", kSource), 0);
  }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  support::TcpService echo_{there_, kEchoPort, support::echo};
  support::Cgroups cgroups_;
  PodServer server_{here_};
  double exchanged_ = 0;
};

TEST_F(PodNamesTest, SeriesHaveTheNameAndTheNamespaceOfThePod) {
  cgroups_.make("kubepods/pod" + kUid);
  server_.start("first");
  const Daemon daemon(here_, config());
  exchange_until(daemon, kUid, "web-0", "shop");
  const LabelSet labels = {{"pod", "web-0"}, {"namespace", "shop"}};
  const double before = count(daemon.scrape(), labels);
  exchange_in(kUid, 20);
  const Scrape scrape = daemon.scrape();
  EXPECT_EQ(count(scrape, labels) - before, 20);
  EXPECT_EQ(count(scrape, {{"pod", kUid}}), 0);
  EXPECT_EQ(count(scrape, {}), exchanged_);
  EXPECT_EQ(scrape.value("rtt_source_up", kSource), 1);
}

TEST_F(PodNamesTest, APodThatComesLaterIsAskedFor) {
  server_.start("first");
  const Daemon daemon(here_, config());
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.value("rtt_source_up", kSource) == 1; });
  server_.set_pods(pod(kUid, "web-0", "shop") + "," +
                   pod("aaaaaaaa-0d4e-4f5a-8b6c-7d8e9f0a1b2c", "etcd-n1", "kube-system",
                       R"({"kubernetes.io/config.mirror": ")" + kHash + "\"}"));
  cgroups_.make("kubepods/pod" + kHash);
  exchange_until(daemon, kHash, "etcd-n1", "kube-system");
  EXPECT_EQ(count(daemon.scrape(), {}), exchanged_);
}

TEST_F(PodNamesTest, WithoutTheTokenPodsGoByTheirUidUntilItIsThere) {
  cgroups_.make("kubepods/pod" + kUid);
  server_.start("second");
  const Daemon daemon(here_, config());
  wait_for_failure(daemon, "status");
  exchange_until(daemon, kUid, kUid, "");
  server_.write_token("second");
  exchange_until(daemon, kUid, "web-0", "shop");
  const Scrape scrape = daemon.scrape();
  EXPECT_EQ(count(scrape, {}), exchanged_);
  EXPECT_GT(scrape.value("rtt_exporter_owner_unlabelled_total", {{"reason", "unknown_cgroup"}}), 0);
  EXPECT_EQ(scrape.value("rtt_source_up", kSource), 1);
}

TEST_F(PodNamesTest, AServerThatIsDownIsAskedAgain) {
  cgroups_.make("kubepods/pod" + kUid);
  const Daemon daemon(here_, config());
  wait_for_failure(daemon, "connect");
  server_.start("first");
  exchange_until(daemon, kUid, "web-0", "shop");
  EXPECT_EQ(count(daemon.scrape(), {}), exchanged_);
}

TEST_F(PodNamesTest, TheTokenGoesToNobodyElse) {
  server_.start("first");
  const Daemon daemon(here_, config(server_.other_ca_file()));
  wait_for_failure(daemon, "tls");
}

TEST_F(PodNamesTest, AnAnswerThatIsNoListIsRefused) {
  server_.set_pods("{]");
  server_.start("first");
  const Daemon daemon(here_, config());
  wait_for_failure(daemon, "malformed");
}

TEST_F(PodNamesTest, AReloadTakesTheNamesAway) {
  cgroups_.make("kubepods/pod" + kUid);
  server_.start("first");
  const Daemon daemon(here_, config());
  exchange_until(daemon, kUid, "web-0", "shop");
  daemon.write_config("passive: {labels: [pod]}\n");
  ASSERT_EQ(daemon.reload().status, 200);
  EXPECT_TRUE(daemon.scrape().samples("rtt_source_up", kSource).empty());
}

// It is connected to, and silent.
TEST_F(PodNamesTest, AServerThatHangsDelaysNoStop) {
  server_.start("first");
  Daemon daemon(here_, config());
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.value("rtt_source_up", kSource) == 1; });
  server_.freeze();
  cgroups_.make("kubepods/pod" + kHash);
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.value("rtt_exporter_pod_requests_total").value() >= 2; });
  EXPECT_EQ(daemon.stop(std::chrono::seconds(2)), 0);
}

}  // namespace
}  // namespace rtt::integration
