#include "config/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "unit/config/fake_methods.h"

namespace rtt::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const std::string kTestdata = std::string(RTT_SOURCE_DIR) + "/tests/testdata/config";

std::string joined(const Problems& problems) {
  std::string text;
  for (const std::string& problem : problems) text += problem + "\n";
  return text;
}

Config loaded(std::variant<Config, Problems> result) {
  if (const auto* problems = std::get_if<Problems>(&result)) {
    ADD_FAILURE() << joined(*problems);
    return {};
  }
  return std::get<Config>(std::move(result));
}

Config loaded(std::string_view text) { return loaded(load(text, "test.yml", fake_methods())); }

Problems problems_of(std::string_view text) {
  auto result = load(text, "test.yml", fake_methods());
  EXPECT_TRUE(std::holds_alternative<Problems>(result)) << text.substr(0, 100);
  return std::holds_alternative<Problems>(result) ? std::get<Problems>(result) : Problems();
}

Config everything() {
  return loaded(load_file(kTestdata + "/good/everything.yml", fake_methods()));
}

const FakeOptions& options(const Probe& probe) {
  return dynamic_cast<const FakeOptions&>(*probe.options);
}

class GoodFile : public testing::TestWithParam<std::string> {};

TEST_P(GoodFile, Loads) {
  loaded(load_file(kTestdata + "/good/" + GetParam() + ".yml", fake_methods()));
}

INSTANTIATE_TEST_SUITE_P(Config, GoodFile,
                         testing::Values("everything", "empty", "empty_document", "empty_sections",
                                         "only_a_comment", "byte_order_mark_and_crlf"),
                         [](const auto& info) { return info.param; });

TEST(Loader, EmptyTextHasNoTargets) { EXPECT_THAT(loaded("").targets, IsEmpty()); }

TEST(Loader, EmptyTextHasThePassiveSourcesOn) {
  const PassiveConfig passive = loaded("").passive;
  EXPECT_TRUE(passive.tcp_probe.enabled);
  EXPECT_EQ(passive.tcp_probe.max_cpu_share, 1);
  EXPECT_FALSE(passive.labels.any());
  EXPECT_TRUE(passive.tcp_info.enabled);
  EXPECT_EQ(passive.tcp_info.interval, seconds(5));
  EXPECT_FALSE(passive.tcp_info.all_namespaces);
}

TEST(Loader, EmptyTextHasThirtyRisingBuckets) {
  const auto buckets = loaded("").histogram.buckets;
  EXPECT_EQ(buckets.size(), 30U);
  EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end(), std::less_equal<>()));
}

TEST(Loader, EmptyTextHasBucketsFrom20MicrosecondsTo3Seconds) {
  const auto buckets = loaded("").histogram.buckets;
  EXPECT_EQ(buckets.front(), 0.00002);
  EXPECT_EQ(buckets.back(), 3);
}

TEST(Loader, EmptyTextHasNativeSchema3) { EXPECT_EQ(loaded("").histogram.native_schema, 3); }

TEST(Loader, EmptyTextAllows5000Series) { EXPECT_EQ(loaded("").max_series, 5000U); }

TEST(Loader, EmptyTextHasNoEchoServer) { EXPECT_THAT(loaded("").echo_server_listen, IsEmpty()); }

TEST(Loader, ReadsBuckets) {
  EXPECT_THAT(everything().histogram.buckets, ElementsAre(0.0001, 0.001, 0.01));
}

TEST(Loader, AnEmptyListOfBucketsIsNoBuckets) {
  EXPECT_THAT(loaded("histogram: {buckets: []}").histogram.buckets, IsEmpty());
}

TEST(Loader, AHundredBucketsAreAllowed) {
  std::string text = "histogram: {buckets: [1";
  for (int i = 2; i <= 100; ++i) text += ", " + std::to_string(i);
  EXPECT_EQ(loaded(text + "]}").histogram.buckets.size(), 100U);
}

TEST(Loader, BucketsMayLieANanosecondApart) {
  EXPECT_EQ(loaded("histogram: {buckets: [1e-9, 2e-9, 0.1, 0.100000001]}").histogram.buckets.size(),
            4U);
}

TEST(Loader, NativeSchemaNullTurnsNativeHistogramsOff) {
  EXPECT_EQ(everything().histogram.native_schema, std::nullopt);
}

TEST(Loader, NativeSchemaReachesFromMinus4To4) {
  EXPECT_EQ(loaded("histogram: {native_schema: -4}").histogram.native_schema, -4);
  EXPECT_EQ(loaded("histogram: {native_schema: 4}").histogram.native_schema, 4);
}

TEST(Loader, ReadsMaxSeries) { EXPECT_EQ(everything().max_series, 7U); }

TEST(Loader, ReadsPassiveSources) {
  const PassiveConfig passive = everything().passive;
  EXPECT_FALSE(passive.tcp_probe.enabled);
  EXPECT_EQ(passive.tcp_info.interval, seconds(90));
  EXPECT_TRUE(passive.tcp_info.all_namespaces);
}

TEST(Loader, ReadsTheCpuShareOfThePrograms) {
  EXPECT_EQ(loaded("passive: {tcp_probe: {max_cpu_share: 0.01}}").passive.tcp_probe.max_cpu_share,
            0.01);
}

TEST(Loader, ReadsWhatPassiveSeriesSayOfOwners) {
  const PassiveConfig passive =
      loaded("passive: {labels: [pod, unit], labels_expire_after: 1m}").passive;
  EXPECT_EQ(passive.labels, (OwnerLabels{.unit = true, .container = false, .pod = true}));
  EXPECT_EQ(passive.labels_expire_after, std::chrono::minutes(1));
}

TEST(Loader, ReadsWhoKnowsTheNamesOfPods) {
  const PassiveConfig passive =
      loaded(
          "passive: {labels: [pod], kubernetes: {url: 'https://node:10250/pods', "
          "token_file: /t, ca_file: /c, interval: 10s}}")
          .passive;
  EXPECT_EQ(passive.kubernetes, (Kubernetes{"https://node:10250/pods", "/t", "/c", seconds(10)}));
  EXPECT_TRUE(passive.labels.has("namespace"));
}

TEST(Loader, PodsHaveNoNamesUnlessConfigured) {
  const PassiveConfig passive = loaded("passive: {labels: [pod]}").passive;
  EXPECT_FALSE(passive.kubernetes);
  EXPECT_FALSE(passive.labels.has("namespace"));
}

TEST(Loader, TheUrlOfPodsTakesVariablesOfTheEnvironment) {
  ASSERT_EQ(setenv("RTT_TEST_NODE", "node-7", 1), 0);
  const PassiveConfig passive =
      loaded("passive: {labels: [pod], kubernetes: {url: 'https://${RTT_TEST_NODE}:10250/pods'}}")
          .passive;
  EXPECT_EQ(passive.kubernetes.value().url, "https://node-7:10250/pods");
}

TEST(Loader, TcpInfoCanBeOff) {
  EXPECT_FALSE(loaded("passive: {tcp_info: {enabled: false}}").passive.tcp_info.enabled);
}

TEST(Loader, EmptyTextFollowsDnsFrom5SecondsTo5Minutes) {
  const DnsConfig dns = loaded("").dns;
  EXPECT_EQ(dns.min_refresh, seconds(5));
  EXPECT_EQ(dns.max_refresh, minutes(5));
  EXPECT_EQ(dns.timeout, seconds(2));
}

TEST(Loader, ReadsDns) {
  const DnsConfig dns = everything().dns;
  EXPECT_EQ(dns.min_refresh, seconds(10));
  EXPECT_EQ(dns.max_refresh, minutes(60));
  EXPECT_EQ(dns.timeout, milliseconds(500));
}

TEST(Loader, EmptyTextHasNoPassivePeers) {
  EXPECT_EQ(loaded("").passive_peers, std::nullopt);
  EXPECT_EQ(loaded("discovery: {}").passive_peers, std::nullopt);
}

TEST(Loader, ReadsPassivePeers) {
  const PassivePeers peers = everything().passive_peers.value();
  EXPECT_THAT(peers.networks, ElementsAre(*base::IpPrefix::parse("10.0.0.0/8"),
                                          *base::IpPrefix::parse("2001:db8::/32")));
  EXPECT_EQ(peers.max_peers, 5U);
  EXPECT_EQ(peers.interval, seconds(30));
  EXPECT_EQ(peers.expire_after, minutes(5));
  EXPECT_THAT(peers.probes, ElementsAre(0));
}

TEST(Loader, PassivePeersNeedNetworksAndProbesOnly) {
  const PassivePeers peers =
      loaded(
          "probes: {ping: {method: fake}}\n"
          "discovery: {passive_peers: {networks: [10.0.0.0/8], probes: [ping]}}\n")
          .passive_peers.value();
  EXPECT_EQ(peers.max_peers, 20U);
  EXPECT_EQ(peers.interval, minutes(1));
  EXPECT_EQ(peers.expire_after, minutes(10));
}

TEST(Loader, ATargetMayBeCalledDiscoveredWithoutPassivePeers) {
  loaded("targets: [{name: discovered, hosts: [db1]}]");
}

TEST(Loader, ReadsWhereATargetFindsPeers) {
  const Target mesh = everything().targets[2];
  EXPECT_THAT(mesh.dns_peers, ElementsAre("nodes.example.net"));
  EXPECT_THAT(mesh.files, ElementsAre("/etc/peers.json", "peers/*.yml"));
  EXPECT_EQ(mesh.max_peers, 12U);
}

TEST(Loader, ATargetFindsAsManyPeersAsThereAreByDefault) {
  EXPECT_EQ(loaded("targets: [{name: mesh, dns_peers: [a.test]}]").targets[0].max_peers,
            std::nullopt);
}

TEST(Loader, ProbesMayStandBesideDnsPeersAndFilesAlone) {
  loaded(
      "probes: {ping: {method: fake}}\n"
      "targets:\n"
      "  - {name: a, dns_peers: [a.test], probes: [ping]}\n"
      "  - {name: b, files: [b.json], probes: [ping]}\n");
}

TEST(Loader, ReadsWhichAddressesCount) {
  const Config config = everything();
  EXPECT_TRUE(config.targets[2].all_addresses);
  EXPECT_EQ(config.targets[2].ip_family, IpFamily::kIpv4);
  EXPECT_EQ(config.probes[1].ip_family, IpFamily::kIpv6);
}

TEST(Loader, TheFirstAddressOfAnyFamilyCountsByDefault) {
  const Config config = everything();
  EXPECT_FALSE(config.targets[0].all_addresses);
  EXPECT_EQ(config.targets[0].ip_family, IpFamily::kAny);
  EXPECT_EQ(config.probes[0].ip_family, IpFamily::kAny);
}

TEST(Loader, ReadsEchoServerAddresses) {
  const base::ListenAddress v6{base::IpAddress::parse("::1"), 10008};
  EXPECT_THAT(everything().echo_server_listen,
              ElementsAre(base::ListenAddress{std::nullopt, 10007}, v6));
}

TEST(Loader, EchoServerMayListenOnPort0MoreThanOnce) {
  const auto config = loaded(R"(echo_server: {listen: ["127.0.0.1:0", "127.0.0.1:0"]})");
  EXPECT_EQ(config.echo_server_listen.size(), 2U);
}

TEST(Loader, ReadsProbesInTheOrderOfTheFile) {
  std::vector<std::string> names;
  for (const Probe& probe : everything().probes) names.push_back(probe.name);
  EXPECT_THAT(names, ElementsAre("ping", "slow", "connect"));
}

TEST(Loader, ReadsIntervalAndTimeout) {
  const Probe ping = everything().probes[0];
  EXPECT_EQ(ping.interval, milliseconds(500));
  EXPECT_EQ(ping.timeout, seconds(2));
}

TEST(Loader, AProbeHasIntervalAndTimeoutOfASecondByDefault) {
  const Probe connect = everything().probes[2];
  EXPECT_EQ(connect.interval, seconds(1));
  EXPECT_EQ(connect.timeout, seconds(1));
}

TEST(Loader, TheMethodReadsItsOwnKeys) {
  const Config config = everything();
  EXPECT_EQ(options(config.probes[0]).number, 3);
  EXPECT_EQ(options(config.probes[2]).number, 443);
}

TEST(Loader, AMergeKeyAddsWhatIsNotSet) {
  const Probe slow = everything().probes[1];
  EXPECT_EQ(slow.timeout, seconds(2));
  EXPECT_EQ(options(slow).number, 3);
}

TEST(Loader, AMergeKeyReplacesNothingThatIsSet) {
  EXPECT_EQ(everything().probes[1].interval, minutes(1));
}

TEST(Loader, TheFirstOfSeveralMergedMappingsWins) {
  const Config config = loaded(
      "probes:\n  a: &a {method: fake, interval: 2s}\n  b: &b {method: fake, interval: 3s, size: "
      "4}\n"
      "  c: {<<: [*a, *b]}\n");
  EXPECT_EQ(config.probes[2].interval, seconds(2));
  EXPECT_EQ(options(config.probes[2]).number, 4);
}

TEST(Loader, ATargetNamesItsProbesByIndex) {
  EXPECT_THAT(everything().targets[0].probes, ElementsAre(2, 0));
}

TEST(Loader, ProbesMayStandBehindTheTargetsThatNameThem) {
  const Config config = loaded(
      "targets: [{name: db, hosts: [db1], probes: [ping]}]\nprobes: {ping: {method: fake}}\n");
  EXPECT_THAT(config.targets[0].probes, ElementsAre(0));
}

TEST(Loader, LabelsAreSortedAndKeptAsWritten) {
  EXPECT_THAT(everything().targets[0].labels, ElementsAre(Pair("rack", "12"), Pair("zone", "1")));
}

TEST(Loader, HostsAreKeptAsWritten) {
  EXPECT_THAT(everything().targets[0].hosts,
              ElementsAre("db1.example.net", "10.0.0.5", "2001:db8::5"));
}

TEST(Loader, NetworksKeepTheirTextBesideThePrefix) {
  const auto networks = everything().targets[0].networks;
  EXPECT_EQ(networks[0].text, "10.1.0.0/16");
  EXPECT_EQ(networks[0].prefix.to_string(), "10.1.0.0/16");
  EXPECT_EQ(networks[1].prefix.to_string(), "2001:db8:1::/48");
}

TEST(Loader, ReadsLocalPorts) {
  EXPECT_THAT(everything().targets[0].local_ports, ElementsAre(443));
}

TEST(Loader, ATargetNameMayBeAnyText) { EXPECT_EQ(everything().targets[1].name, "Größe 2"); }

TEST(Loader, AHostWithoutProbesIsAllowed) {
  EXPECT_THAT(loaded("targets: [{name: db, hosts: [db1]}]").targets[0].probes, IsEmpty());
}

TEST(Loader, AProbeThatNoTargetNamesIsAllowed) {
  EXPECT_EQ(loaded("probes: {ping: {method: fake}}").probes.size(), 1U);
}

TEST(Loader, OneNetworkInsideAnotherIsAllowed) {
  const Config config = loaded(
      "targets:\n  - {name: a, networks: [10.0.0.0/8]}\n  - {name: b, networks: [10.1.0.0/16]}\n");
  EXPECT_EQ(config.targets.size(), 2U);
}

TEST(Loader, ATextOfMoreThanAMebibyteIsRefused) {
  EXPECT_THAT(problems_of(std::string((1U << 20U) + 1, '#')),
              ElementsAre("test.yml:1:1: larger than 1 MiB; allowed: up to 1048576 bytes"));
}

TEST(Loader, ATextOfAMebibyteIsRead) { loaded(std::string(1U << 20U, '#')); }

TEST(Loader, AliasesThatStandForBillionsOfValuesAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 1; k < 10; ++k) text += ", " + below;
    text += "]\n";
  }
  EXPECT_THAT(problems_of(text),
              ElementsAre(HasSubstr("the aliases up to here stand for more than 1000000 values")));
}

TEST(Loader, MergesThatStandForBillionsOfValuesAreRefused) {
  std::string text = "a0: &a0 {k0: 1, k1: 1, k2: 1, k3: 1}\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: [" + below;
    for (int k = 1; k < 10; ++k) text += ", " + below;
    text += "]}\n";
  }
  EXPECT_THAT(problems_of(text),
              ElementsAre(HasSubstr("the aliases up to here stand for more than 1000000 values")));
}

TEST(Loader, DeepNestingIsRefused) {
  EXPECT_THAT(problems_of("targets: " + std::string(100'000, '[')),
              ElementsAre(HasSubstr("nested too deeply")));
}

TEST(Loader, PastAHundredProblemsTheRestIsOneLine) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const Problems problems = problems_of(text);
  ASSERT_EQ(problems.size(), 101U);
  EXPECT_EQ(problems.back(), "test.yml:101:1: and 50 more problems from here on");
}

TEST(Loader, AFileThatDoesNotExistIsOneProblem) {
  const auto result = load_file("/nonexistent/rtt.yml", fake_methods());
  ASSERT_TRUE(std::holds_alternative<Problems>(result));
  EXPECT_THAT(std::get<Problems>(result),
              ElementsAre("/nonexistent/rtt.yml: No such file or directory"));
}

TEST(Loader, ADirectoryIsOneProblem) {
  const auto result = load_file(kTestdata, fake_methods());
  ASSERT_TRUE(std::holds_alternative<Problems>(result));
  EXPECT_THAT(std::get<Problems>(result), ElementsAre(kTestdata + ": Is a directory"));
}

TEST(Loader, AnEndlessFileIsRefused) {
  const auto result = load_file("/dev/zero", fake_methods());
  ASSERT_TRUE(std::holds_alternative<Problems>(result));
  EXPECT_THAT(std::get<Problems>(result), ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST(Loader, ProblemsNameTheFileAsGiven) {
  const std::string path = kTestdata + "/bad/unknown_key.yml";
  const auto result = load_file(path, fake_methods());
  ASSERT_TRUE(std::holds_alternative<Problems>(result));
  EXPECT_THAT(std::get<Problems>(result)[0], testing::StartsWith(path + ":2:3: "));
}

TEST(Probe, EqualsOneOfTheSameText) { EXPECT_EQ(everything().probes[0], everything().probes[0]); }

TEST(Probe, DiffersFromOneWithOtherOptions) {
  const auto probe = [](const std::string& size) {
    return loaded("probes: {a: {method: fake, size: " + size + "}}").probes[0];
  };
  EXPECT_NE(probe("1"), probe("2"));
}

TEST(Probe, DiffersFromOneOfAnotherFamily) {
  Probe other = everything().probes[0];
  other.ip_family = IpFamily::kIpv4;
  EXPECT_NE(everything().probes[0], other);
}

TEST(Probe, DiffersFromOneOfAnotherMethod) {
  EXPECT_NE(everything().probes[0], everything().probes[2]);
}

}  // namespace
}  // namespace rtt::config
