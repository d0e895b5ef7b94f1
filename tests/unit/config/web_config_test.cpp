#include "config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rtt::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string kFolder = std::string(RTT_SOURCE_DIR) + "/tests/testdata/web/";
const std::string kHash(53, 'a');

std::vector<TlsProblem> nothing_wrong(const TlsConfig&) { return {}; }

LoadedWebConfig load(const std::string& text, const CheckTls& check = nothing_wrong) {
  return load_web(text, kFolder + "web.yml", check);
}

WebConfig good(const std::string& text) {
  const LoadedWebConfig loaded = load(text);
  EXPECT_THAT(loaded.problems, IsEmpty()) << text;
  return loaded.config;
}

// Without the folder.
std::vector<std::string> problems(const std::string& text, const CheckTls& check = nothing_wrong) {
  std::vector<std::string> lines;
  for (std::string line : load(text, check).problems) {
    for (std::size_t at = 0; (at = line.find(kFolder)) != std::string::npos;) {
      line.erase(at, kFolder.size());
    }
    lines.push_back(line);
  }
  return lines;
}

std::string tls(const std::string& more) {
  return "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n" + more;
}

TEST(WebConfig, HasNothingByDefault) {
  for (const char* text : {"", "tls_server_config: {}\n", "basic_auth_users: {}\n",
                           "http_server_config: {http2: true, headers: {}}\n"}) {
    const WebConfig config = good(text);
    EXPECT_FALSE(config.tls);
    EXPECT_THAT(config.headers, IsEmpty());
    EXPECT_THAT(config.users, IsEmpty());
  }
}

TEST(WebConfig, HasTheDefaultsOfTheDocumentation) {
  const auto config = good(tls("")).tls;
  ASSERT_TRUE(config);
  EXPECT_THAT(config->certificate, testing::StartsWith("-----BEGIN CERTIFICATE-----"));
  EXPECT_THAT(config->key, testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
  EXPECT_EQ(config->client_auth, ClientAuth::kNoClientCert);
  EXPECT_EQ(config->min_version, TlsVersion::kTls12);
  EXPECT_EQ(config->max_version, TlsVersion::kTls13);
  EXPECT_TRUE(config->prefer_server_cipher_suites);
  EXPECT_THAT(config->cipher_suites, IsEmpty());
  EXPECT_THAT(config->curves, IsEmpty());
}

TEST(WebConfig, TakesEveryKey) {
  const WebConfig config =
      good(tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.pem\n"
               "  client_allowed_sans: [a.example, 192.0.2.1]\n  min_version: TLS10\n"
               "  max_version: TLS11\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
               "  prefer_server_cipher_suites: false\n  curve_preferences: [CurveP521, X25519]\n") +
           "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: sameorigin\n"
           "    Content-Security-Policy: \"default-src 'self'\"\n    X-XSS-Protection: ''\n"
           "basic_auth_users:\n  ann: $2y$10$" +
           kHash + "\n  'bob smith': $2b$04$" + kHash + "\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->client_auth, ClientAuth::kRequireAndVerifyClientCert);
  EXPECT_EQ(config.tls->client_ca, config.tls->certificate);
  EXPECT_THAT(config.tls->client_allowed_sans, ElementsAre("a.example", "192.0.2.1"));
  EXPECT_EQ(config.tls->min_version, TlsVersion::kTls10);
  EXPECT_EQ(config.tls->max_version, TlsVersion::kTls11);
  EXPECT_THAT(config.tls->cipher_suites, ElementsAre("TLS_AES_128_GCM_SHA256"));
  EXPECT_FALSE(config.tls->prefer_server_cipher_suites);
  EXPECT_THAT(config.tls->curves, ElementsAre("CurveP521", "X25519"));
  EXPECT_THAT(config.headers, ElementsAre(Pair("Content-Security-Policy", "default-src 'self'"),
                                          Pair("X-Frame-Options", "sameorigin")));
  EXPECT_THAT(config.users,
              ElementsAre(Pair("ann", "$2y$10$" + kHash), Pair("bob smith", "$2b$04$" + kHash)));
}

TEST(WebConfig, TakesPemTextInline) {
  const auto config = good(
                          "tls_server_config:\n  cert: |\n    one\n    two\n  key: three\n"
                          "  client_auth_type: VerifyClientCertIfGiven\n  client_ca: four\n")
                          .tls;
  ASSERT_TRUE(config);
  EXPECT_EQ(config->certificate, "one\ntwo\n");
  EXPECT_EQ(config->key, "three");
  EXPECT_EQ(config->client_ca, "four");
}

TEST(WebConfig, NotesEveryFileThatItNames) {
  const LoadedWebConfig loaded = load(tls("  client_ca_file: /nonexistent/ca.pem\n"));
  ASSERT_EQ(loaded.files.size(), 3U);
  EXPECT_EQ(loaded.files[0].path, kFolder + "server.pem");
  EXPECT_TRUE(loaded.files[0].is_unchanged());
  EXPECT_EQ(loaded.files[1].path, kFolder + "server.key");
  EXPECT_EQ(loaded.files[2].path, "/nonexistent/ca.pem");
  EXPECT_EQ(loaded.files[2].stamp, FileStamp());
}

TEST(WebConfig, SaysThatTheFileCannotBeRead) {
  const LoadedWebConfig loaded = load_web_file("/nonexistent/web.yml", nothing_wrong);
  EXPECT_THAT(loaded.problems, ElementsAre("/nonexistent/web.yml: No such file or directory"));
  ASSERT_EQ(loaded.files.size(), 1U);
  EXPECT_EQ(loaded.files[0].path, "/nonexistent/web.yml");
}

TEST(BadWebConfig, HasUnknownKeys) {
  EXPECT_THAT(
      problems("tls_config: {}\n" + tls("  cert_fiel: a\n") +
               "http_server_config: {http3: true}\n"),
      ElementsAre(
          "web.yml:1:1: unknown key 'tls_config'; allowed: tls_server_config, http_server_config, "
          "basic_auth_users",
          "web.yml:5:3: unknown key 'cert_fiel' (did you mean 'cert_file'?); allowed: cert, "
          "cert_file, key, key_file, client_auth_type, client_ca, client_ca_file, "
          "client_allowed_sans, min_version, max_version, cipher_suites, "
          "prefer_server_cipher_suites, curve_preferences",
          "web.yml:6:22: unknown key 'http3' (did you mean 'http2'?); allowed: http2, headers"));
}

TEST(BadWebConfig, HasTlsWithoutCertificateOrKey) {
  EXPECT_THAT(problems("tls_server_config:\n  min_version: TLS12\n"),
              ElementsAre("web.yml:2:3: key 'cert_file' is missing; allowed: 'cert_file' (the name "
                          "of a PEM file) or 'cert' (PEM text)",
                          "web.yml:2:3: key 'key_file' is missing; allowed: 'key_file' (the name "
                          "of a PEM file) or 'key' (PEM text)"));
}

TEST(BadWebConfig, HasACertificateTwice) {
  EXPECT_THAT(problems(tls("  cert: text\n")),
              ElementsAre("web.yml:2:14: 'cert_file' beside 'cert'; allowed: one of the two"));
}

TEST(BadWebConfig, NamesFilesThatCannotBeRead) {
  EXPECT_THAT(problems("tls_server_config:\n  cert_file: none.pem\n  key_file: [a]\n"),
              ElementsAre("web.yml:2:14: 'cert_file': none.pem: No such file or directory",
                          "web.yml:3:13: 'key_file' is a list; allowed: the name of a PEM file"));
}

TEST(BadWebConfig, HasPemThatTheLibraryRefuses) {
  const auto check = [](const TlsConfig& config) -> std::vector<TlsProblem> {
    EXPECT_FALSE(config.certificate.empty());
    return {{TlsProblem::Part::kKey, "no key"}, {TlsProblem::Part::kCipherSuites, "no suites"}};
  };
  EXPECT_THAT(
      problems(tls("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"), check),
      ElementsAre("web.yml:3:13: 'key_file': no key", "web.yml:4:18: 'cipher_suites': no suites"));
  EXPECT_THAT(
      problems("tls_server_config: {cert: a, key: b, cipher_suites: [TLS_AES_128_GCM_SHA256]}\n",
               check),
      ElementsAre("web.yml:1:35: 'key': no key", "web.yml:1:53: 'cipher_suites': no suites"));
}

TEST(BadWebConfig, HasUnknownWords) {
  EXPECT_THAT(
      problems(tls("  client_auth_type: RequireAll\n  min_version: 1.2\n  max_version: TLS12\n"
                   "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n  curve_preferences: [P256]\n")),
      ElementsAre(
          "web.yml:4:21: 'client_auth_type' is 'RequireAll'; allowed: NoClientCert, "
          "RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, "
          "RequireAndVerifyClientCert, RequireClientCert",
          "web.yml:5:16: 'min_version' is '1.2'; allowed: TLS10, TLS11, TLS12, TLS13",
          "web.yml:7:19: item of 'cipher_suites' is 'TLS_RSA_WITH_RC4_128_SHA'; allowed: "
          "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, "
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
          "web.yml:8:23: item of 'curve_preferences' is 'P256'; allowed: X25519, CurveP256, "
          "CurveP384, CurveP521"));
}

TEST(BadWebConfig, HasVersionsTheWrongWayRound) {
  const char* const text = "'max_version' lies below 'min_version' (TLS12 if it is not given)";
  EXPECT_THAT(problems(tls("  max_version: TLS11\n")),
              ElementsAre(std::string("web.yml:4:16: ") + text));
}

TEST(BadWebConfig, AsksForCertificatesWithoutUse) {
  EXPECT_THAT(problems(tls("  client_auth_type: RequireAndVerifyClientCert\n")),
              ElementsAre("web.yml:4:21: 'client_auth_type' verifies certificates, but by which "
                          "authority? allowed: with client_ca_file or client_ca"));
  EXPECT_THAT(problems(tls("  client_ca_file: server.pem\n  client_allowed_sans: [a]\n")),
              ElementsAre("web.yml:4:19: 'client_ca_file' is not used; allowed: with "
                          "client_auth_type RequireAndVerifyClientCert or VerifyClientCertIfGiven",
                          "web.yml:5:24: 'client_allowed_sans' is not used; allowed: with "
                          "client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert"));
}

TEST(BadWebConfig, SetsOtherHeaders) {
  EXPECT_THAT(
      problems("http_server_config:\n  headers:\n    Server: me\n    X-Frame-Options: allow\n"
               "    X-Content-Type-Options: sniff\n"),
      ElementsAre("web.yml:3:5: unknown key 'Server'; allowed: Content-Security-Policy, "
                  "X-Frame-Options, X-Content-Type-Options, X-XSS-Protection, "
                  "Strict-Transport-Security",
                  "web.yml:4:22: 'X-Frame-Options' is 'allow'; allowed: deny, sameorigin",
                  "web.yml:5:29: 'X-Content-Type-Options' is 'sniff'; allowed: nosniff"));
}

TEST(BadWebConfig, HasPasswordsThatAreNoHashes) {
  const std::string reason =
      " is not a bcrypt hash; allowed: $2a$, $2b$ or $2y$ with a cost from 04 to 31, as from "
      "'htpasswd -nBC 10 USER'";
  for (const std::string& hash :
       {std::string("secret"), "$2y$03$" + kHash, "$2y$32$" + kHash, "$2x$10$" + kHash,
        "$2y$1a$" + kHash, "$2y$10$" + kHash + "a", "$2y$10$" + kHash.substr(1), std::string("''"),
        "\"$2y$10$" + kHash.substr(1) + "!\"", std::string("[a]"), std::string("~")}) {
    EXPECT_THAT(problems("basic_auth_users:\n  ann: " + hash + "\n"),
                ElementsAre("web.yml:2:3: the password of user 'ann'" + reason))
        << hash;
  }
}

TEST(BadWebConfig, HasUserNamesThatNobodyCanSend) {
  const std::string hash = ": $2y$10$" + kHash + "\n";
  EXPECT_THAT(problems("basic_auth_users:\n  'a:b'" + hash + "  ''" + hash),
              ElementsAre("web.yml:2:3: 'a:b' is not a user name; allowed: one line without ':'",
                          "web.yml:3:3: '' is not a user name; allowed: one line without ':'"));
}

TEST(BadWebConfig, IsNoMapping) {
  EXPECT_THAT(problems("[a]\n"), ElementsAre("web.yml:1:1: the file is a list; allowed: a mapping "
                                             "(key: value) at the top level"));
}

TEST(ExampleWebConfig, IsGood) {
  const std::string path = std::string(RTT_SOURCE_DIR) + "/config/web/web-config.example.yml";
  std::ifstream file(path);
  ASSERT_TRUE(file);
  std::ostringstream text;
  text << file.rdbuf();
  // Its certificates are the reader's.
  for (const std::string& problem : load_web(text.str(), path, nothing_wrong).problems) {
    EXPECT_THAT(problem, testing::HasSubstr("No such file or directory"));
  }
}

}  // namespace
}  // namespace rtt::config
