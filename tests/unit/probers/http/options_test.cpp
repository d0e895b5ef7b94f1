// The keys of an http probe, as the configuration file has them.
#include "probers/http/options.h"

#include <gmock/gmock.h>

#include "probers/http/method.h"
#include "unit/probers/loaded_probe.h"

namespace rtt::probers::http {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Loaded load(const std::string& keys) {
  const std::vector<config::MethodSchema> methods = {method().schema};
  return config::load("probes:\n  p:\n    method: http\n" + keys, "test.yml", methods);
}

Options options_of(const std::string& keys) { return options_in<Options>(load(keys)); }

config::Problems problems_of(const std::string& keys) { return problems_in(load(keys)); }

TEST(HttpOptions, EveryKeyHasADefault) {
  const Options options = options_of("");
  EXPECT_FALSE(options.https);
  EXPECT_EQ(options.port, 80);
  EXPECT_EQ(options.path, "/");
  EXPECT_EQ(options.host_header, "");
  EXPECT_TRUE(options.keep);
  EXPECT_EQ(options.trust, nullptr);
  EXPECT_THAT(options.headers, IsEmpty());
  EXPECT_EQ(options.max_bytes, 1U << 20U);
  EXPECT_EQ(options.socket, SocketOptions());
  EXPECT_EQ(options.download, std::nullopt);
}

TEST(HttpOptions, ByDefaultSuccessAndRedirectionAreValid) {
  const StatusSet valid = options_of("").valid_status;
  EXPECT_TRUE(is_valid(valid, 200));
  EXPECT_TRUE(is_valid(valid, 399));
  EXPECT_FALSE(is_valid(valid, 400));
  EXPECT_FALSE(is_valid(valid, 199));
  EXPECT_EQ(valid.count(), 200U);
}

TEST(HttpOptions, EveryKeyIsRead) {
  const Options options = options_of(
      "    scheme: https\n    port: 8443\n    path: /a?b=c\n    host_header: WWW.example.net\n"
      "    connection: fresh\n    valid_status: [2xx, 404]\n    max_bytes: 1000\n"
      "    tls: {insecure_skip_verify: true}\n"
      "    headers: {X-One: a b, X-None: \"\"}\n    source: 127.0.0.1\n    dscp: 46\n");
  EXPECT_TRUE(options.https);
  EXPECT_EQ(options.port, 8443);
  EXPECT_EQ(options.path, "/a?b=c");
  EXPECT_EQ(options.host_header, "www.example.net");
  EXPECT_FALSE(options.keep);
  EXPECT_EQ(options.valid_status.count(), 101U);
  EXPECT_TRUE(is_valid(options.valid_status, 404));
  EXPECT_EQ(options.max_bytes, 1000U);
  EXPECT_EQ(options.trust, nullptr);
  EXPECT_THAT(options.headers, ElementsAre("X-One: a b", "X-None;"));
  EXPECT_EQ(options.socket.source, base::IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(options.socket.dscp, 46);
}

TEST(HttpOptions, HttpsHasItsOwnDefaultPort) {
  EXPECT_EQ(options_of("    scheme: https\n").port, 443);
}

TEST(HttpOptions, HttpsTrustsWhatTheSystemTrusts) {
  EXPECT_NE(options_of("    scheme: https\n").trust, nullptr);
}

TEST(HttpOptions, TheSameCertificatesAreEqual) {
  const Options options = options_of("    scheme: https\n");
  EXPECT_TRUE(options.equals(options_of("    scheme: https\n")));
  EXPECT_FALSE(
      options.equals(options_of("    scheme: https\n    tls: {insecure_skip_verify: true}\n")));
}

TEST(HttpOptions, OptionsThatDifferAreNotEqual) {
  const Options plain = options_of("");
  EXPECT_TRUE(plain.equals(options_of("")));
  EXPECT_FALSE(plain.equals(options_of("    path: /other\n")));
  EXPECT_FALSE(plain.equals(options_of("    download: {}\n")));
}

TEST(HttpOptions, ADownloadHasDefaultsOfItsOwn) {
  const auto download = options_of("    path: /file\n    download: {}\n").download;
  ASSERT_TRUE(download);
  EXPECT_EQ(download->path, "/file");
  EXPECT_EQ(download->interval, 1min);
  EXPECT_EQ(download->max_bytes, 16U << 20U);
  EXPECT_EQ(download->max_time, 10s);
  EXPECT_EQ(download->parallel, 1U);
  EXPECT_EQ(download->steady_after, (SteadyAfter{1s, 4U << 20U}));
}

TEST(HttpOptions, EveryKeyOfADownloadIsRead) {
  const auto download =
      options_of(
          "    download: {path: /big, interval: 5m, max_bytes: 100000, max_time: 3s, parallel: 3,"
          " sources: [10.0.0.1, \"2001:db8::1\"], interfaces: [eth0], steady_after: 2s}\n")
          .download;
  ASSERT_TRUE(download);
  EXPECT_EQ(download->path, "/big");
  EXPECT_EQ(download->interval, 5min);
  EXPECT_EQ(download->max_bytes, 100'000U);
  EXPECT_EQ(download->max_time, 3s);
  EXPECT_EQ(download->parallel, 3U);
  EXPECT_THAT(download->sources, ElementsAre(*base::IpAddress::parse("10.0.0.1"),
                                             *base::IpAddress::parse("2001:db8::1")));
  EXPECT_THAT(download->interfaces, ElementsAre("eth0"));
  EXPECT_EQ(download->steady_after, (SteadyAfter{2s, UINT64_MAX}));
}

TEST(HttpOptions, SteadyAfterCanBeBytes) {
  const auto download = options_of("    download: {steady_after: 250000}\n").download;
  EXPECT_EQ(download->steady_after, (SteadyAfter{nanoseconds::max(), 250'000}));
}

TEST(HttpOptions, EachSourceHasItsDownload) {
  const auto download = options_of("    download: {sources: [10.0.0.1, 10.0.0.2]}\n").download;
  EXPECT_EQ(download->parallel, 2U);
}

TEST(HttpOptions, ABurstDownloadsNothing) {
  const auto burst = options_of("    download: {parallel: 2}\n").for_burst();
  ASSERT_NE(burst, nullptr);
  EXPECT_EQ(dynamic_cast<const Options&>(*burst).download, std::nullopt);
  EXPECT_EQ(options_of("").for_burst(), nullptr);
}

struct Bad {
  const char* keys;
  const char* problem;
};

class HttpOptionsProblem : public ::testing::TestWithParam<Bad> {};

TEST_P(HttpOptionsProblem, IsSaidWithItsPlace) {
  EXPECT_THAT(problems_of(GetParam().keys), Contains(HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpOptionsProblem,
    ::testing::Values(
        Bad{"    scheme: ftp\n", "test.yml:4:13: 'scheme' is 'ftp'; allowed: http or https"},
        Bad{"    port: 0\n", "test.yml:4:11: 'port' is '0'"},
        Bad{"    path: health\n", "test.yml:4:11: 'path' is 'health'; allowed: '/'"},
        Bad{"    path: \"/a b\"\n", "test.yml:4:11: 'path'"},
        Bad{"    path: \"/a#b\"\n", "test.yml:4:11: 'path'"},
        Bad{"    host_header: \"a:80\"\n", "test.yml:4:18: 'host_header': host 'a:80' has a port"},
        Bad{"    connection: close\n",
            "test.yml:4:17: 'connection' is 'close'; allowed: kept or fresh"},
        Bad{"    valid_status: 200\n",
            "test.yml:4:19: 'valid_status' is '200'; allowed: a list of"},
        Bad{"    valid_status: []\n", "test.yml:4:19: 'valid_status' names no status"},
        Bad{"    valid_status: [200, 1xx]\n", "test.yml:4:25: status '1xx'; allowed: a code"},
        Bad{"    valid_status: [600]\n", "test.yml:4:20: status '600'"},
        Bad{"    valid_status: [20]\n", "test.yml:4:20: status '20'"},
        Bad{"    valid_status: [[200]]\n", "test.yml:4:20: an item of 'valid_status' is a list"},
        Bad{"    max_bytes: 0\n", "test.yml:4:16: 'max_bytes' is '0'"},
        Bad{"    tls: {}\n", "test.yml:4:10: 'tls' without 'scheme: https'"},
        Bad{"    scheme: https\n    tls: {ca_file: ca.pem}\n",
            "test.yml:5:20: 'ca_file' is 'ca.pem'; allowed: the absolute path"},
        Bad{"    scheme: https\n    tls: {ca_file: /nothere.pem}\n",
            "test.yml:5:20: cannot read '/nothere.pem': No such file"},
        Bad{"    scheme: https\n    tls: {ca_file: /etc/hostname}\n",
            "test.yml:5:20: there is no PEM certificate in '/etc/hostname'"},
        Bad{"    scheme: https\n    tls: {verify: true}\n", "test.yml:5:11: unknown key 'verify'"},
        Bad{"    headers: {\"X y\": a}\n", "test.yml:4:15: 'X y' is not the name of a header"},
        Bad{"    headers: {Host: a}\n", "test.yml:4:15: header 'Host' is set by the probe"},
        Bad{"    headers: {X-A: [a]}\n", "test.yml:4:15: 'X-A' is a list"},
        Bad{"    headers: {X-A: \"\xc3\xa4\"}\n", "test.yml:4:15: the value of header 'X-A'"},
        Bad{"    download: 5\n", "test.yml:4:15: 'download' is '5'; allowed: a mapping"},
        Bad{"    download: {parallel: 17}\n", "test.yml:4:26: 'parallel' is '17'"},
        Bad{"    download: {interval: 10ms}\n", "test.yml:4:26: 'interval' is '10ms'"},
        Bad{"    download: {sources: [eth0]}\n", "test.yml:4:26: source 'eth0'; allowed: an IPv4"},
        Bad{"    download: {interfaces: [a/b]}\n",
            "test.yml:4:29: interface 'a/b'; allowed: the name"},
        Bad{"    download: {steady_after: 10s}\n",
            "test.yml:4:30: 'steady_after' is '10s'; allowed"},
        Bad{"    download: {steady_after: 99999999}\n", "test.yml:4:30: 'steady_after'"},
        Bad{"    download: {steady_after: soon}\n", "test.yml:4:30: 'steady_after' is 'soon'"},
        Bad{"    dowload: {}\n", "unknown key 'dowload' (did you mean 'download'?)"}));

}  // namespace
}  // namespace rtt::probers::http
