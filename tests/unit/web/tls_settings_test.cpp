#include "web/tls_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/web/settings_fixture.h"

namespace rtt::web {
namespace {

using config::TlsConfig;
using config::TlsProblem;
using testing::IsEmpty;
using testing::StartsWith;

TlsConfig good() {
  TlsConfig config;
  config.certificate = testdata("server.pem");
  config.key = testdata("server.key");
  return config;
}

void expect_problem(const TlsConfig& config, TlsProblem::Part part, const std::string& text) {
  const auto problems = check_tls(config);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].part, part);
  EXPECT_THAT(problems[0].text, StartsWith(text));
}

TEST(TlsSettings, TakeAKeyWithItsCertificate) {
  EXPECT_THAT(check_tls(good()), IsEmpty());
  EXPECT_TRUE(TlsSettings::create(good()));
}

TEST(TlsSettings, RefuseACertificateThatIsNone) {
  TlsConfig config = good();
  config.certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  expect_problem(config, TlsProblem::Part::kCertificate, "not a certificate in PEM: ");
}

TEST(TlsSettings, RefuseAKeyThatIsNone) {
  TlsConfig config = good();
  config.key = testdata("server.pem");
  expect_problem(config, TlsProblem::Part::kKey, "not a private key in PEM without a password: ");
}

TEST(TlsSettings, RefuseTheKeyOfAnotherCertificate) {
  TlsConfig config = good();
  config.key = testdata("other.key");
  expect_problem(config, TlsProblem::Part::kKey, "not the key of the certificate: ");
}

TEST(TlsSettings, RefuseAnAuthorityThatIsNone) {
  TlsConfig config = good();
  config.client_ca = testdata("server.key");
  expect_problem(config, TlsProblem::Part::kClientCa, "not a certificate in PEM: ");
}

TEST(TlsSettings, RefuseCipherSuitesForOtherKeysOnly) {
  TlsConfig config = good();
  config.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  expect_problem(config, TlsProblem::Part::kCipherSuites,
                 "none of them fits both the versions and the certificate, whose key is EC");
}

TEST(TlsSettings, RefuseCipherSuitesForOtherVersionsOnly) {
  TlsConfig config = good();
  config.max_version = config::TlsVersion::kTls12;
  config.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  expect_problem(config, TlsProblem::Part::kCipherSuites, "none of them fits");
}

TEST(TlsSettings, KnowEveryNameThatTheConfigurationAllows) {
  for (const std::string& curve : config::curve_names()) {
    TlsConfig config = good();
    config.curves = {curve};
    EXPECT_TRUE(TlsSettings::create(config)) << curve;
  }
  for (const std::string& suite : config::cipher_suite_names()) {
    if (suite.find("_RSA_") != std::string::npos) continue;
    TlsConfig config = good();
    config.cipher_suites = {suite};
    EXPECT_THAT(check_tls(config), IsEmpty()) << suite;
    EXPECT_TRUE(TlsSettings::create(config)) << suite;
  }
}

TEST(TlsSettings, KnowEveryRangeOfVersions) {
  using enum config::TlsVersion;
  for (const auto min : {kTls10, kTls11, kTls12, kTls13}) {
    for (const auto max : {kTls10, kTls11, kTls12, kTls13}) {
      if (min > max) continue;
      TlsConfig config = good();
      config.min_version = min;
      config.max_version = max;
      EXPECT_TRUE(TlsSettings::create(config));
    }
  }
}

}  // namespace
}  // namespace rtt::web
