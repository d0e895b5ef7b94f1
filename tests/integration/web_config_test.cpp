// --web.config.file with real clients: curl and openssl against the daemon.
#include <crypt.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Finished;
using support::HttpResponse;
using support::Namespace;
using support::Process;
using support::run_command;
using support::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig =
    "passive: {tcp_probe: {enabled: false}, tcp_info: {enabled: false}}\n"
    "probes:\n  ping: {method: icmp, interval: 1s, timeout: 1s}\n"
    "targets:\n  - name: self\n    hosts: [127.0.0.1]\n    probes: [ping]\n";
constexpr const char* kTls =
    "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

std::string users(const std::string& name, const std::string& password) {
  crypt_data state{};
  return "basic_auth_users:\n  " + name + ": " +
         crypt_r(password.c_str(), "$2y$05$abcdefghijklmnopqrstuu", &state) + "\n";
}

// A certificate that signs itself: `name`.pem and `name`.key.
void make_certificate(const TemporaryDirectory& directory, const std::string& name,
                      const std::string& subject) {
  run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "30", "-subj", "/CN=" + subject, "-addext",
               "subjectAltName=IP:127.0.0.1,DNS:" + subject, "-keyout",
               directory.path() + "/" + name + ".key", "-out",
               directory.path() + "/" + name + ".pem"});
}

// Made once: every certificate that a test needs.
const TemporaryDirectory& certificates() {
  static const TemporaryDirectory directory;
  static const bool made = [] {
    for (const char* name : {"server", "next", "authority", "stranger"}) {
      make_certificate(directory, name, name);
    }
    const std::string path = directory.path() + "/";
    run_command({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", "/CN=client", "-addext",
                 "subjectAltName=DNS:scraper.example,IP:192.0.2.7", "-keyout", path + "client.key",
                 "-out", path + "client.csr"});
    run_command({"openssl", "x509", "-req", "-in", path + "client.csr", "-CA",
                 path + "authority.pem", "-CAkey", path + "authority.key", "-CAcreateserial",
                 "-copy_extensions", "copy", "-days", "30", "-out", path + "client.pem"});
    return true;
  }();
  EXPECT_TRUE(made);
  return directory;
}

struct Answer {
  int curl_exit = -1;
  int status = 0;
  std::string text;  // headers and body
};

class WebConfig : public ::testing::Test {
 protected:
  WebConfig() {
    for (const char* name : {"server.pem", "server.key", "authority.pem"}) copy(name, name);
  }

  // From the certificates into the directory of the configuration.
  void copy(const std::string& from, const std::string& to) const {
    directory_.write(to, support::read_file(certificates().path() + "/" + from));
  }

  void start(const std::string& web_config) {
    directory_.write("web.yml", web_config);
    daemon_ = std::make_unique<Daemon>(
        here_, Daemon::Options{.config = kConfig,
                               .arguments = {"--web.config.file=" + directory_.path() + "/web.yml"},
                               .wait_ready = false});
    ASSERT_TRUE(daemon_->process().wait_for_text("msg=listening", 30s))
        << daemon_->process().errors();
  }

  Answer curl(std::vector<std::string> arguments, const std::string& url) const {
    std::vector<std::string> argv = {"curl",
                                     "-s",
                                     "-i",
                                     "--max-time",
                                     "30",
                                     "--cacert",
                                     certificates().path() + "/server.pem",
                                     "-w",
                                     "\n%{http_code}"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(url);
    Process process(argv, {.where = &here_});
    Answer answer;
    answer.curl_exit = process.wait(60s).value_or(-1);
    answer.text = process.output();
    answer.status = std::atoi(answer.text.substr(answer.text.rfind('\n') + 1).c_str());
    return answer;
  }
  Answer get(std::vector<std::string> arguments, const std::string& path = "/metrics") const {
    return curl(std::move(arguments), "https://127.0.0.1:10049" + path);
  }
  Answer get_plain(std::vector<std::string> arguments, const std::string& path = "/metrics") const {
    return curl(std::move(arguments), "http://127.0.0.1:10049" + path);
  }

  // What s_client says of a handshake.
  std::string handshake(const std::string& arguments, int* exit_code = nullptr) const {
    Process process(
        {"sh", "-c", "openssl s_client -connect 127.0.0.1:10049 " + arguments + " </dev/null 2>&1"},
        {.where = &here_});
    const auto code = process.wait(60s);
    if (exit_code != nullptr) *exit_code = code.value_or(-1);
    return process.output();
  }
  bool can_shake_hands(const std::string& arguments) const {
    int code = -1;
    const std::string said = handshake(arguments, &code);
    return code == 0 && said.find("Cipher is (NONE)") == std::string::npos;
  }

  static std::vector<std::string> certificate(const std::string& name) {
    const std::string path = certificates().path() + "/" + name;
    return {"--cert", path + ".pem", "--key", path + ".key"};
  }

  Namespace here_;
  TemporaryDirectory directory_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(WebConfig, TlsServesTheMetrics) {
  start(kTls);
  const Answer answer = get({});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.text, HasSubstr("rtt_exporter_web_config_last_reload_successful 1\n"));
}

TEST_F(WebConfig, PlainHttpIsRefusedBesideTls) {
  start(kTls);
  const Answer answer = get_plain({});
  EXPECT_NE(answer.curl_exit, 0);
  EXPECT_EQ(answer.status, 0);
}

TEST_F(WebConfig, InlineCertificateServes) {
  const auto indented = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 5) {
      text.replace(at, 1, "\n    ");
    }
    return text;
  };
  start("tls_server_config:\n  cert: |\n    " +
        indented(support::read_file(directory_.path() + "/server.pem")) + "\n  key: |\n    " +
        indented(support::read_file(directory_.path() + "/server.key")) + "\n");
  EXPECT_EQ(get({}).status, 200);
}

TEST_F(WebConfig, VersionsAreThoseOfTheConfiguration) {
  start(kTls);
  EXPECT_FALSE(can_shake_hands("-tls1_1 -cipher DEFAULT@SECLEVEL=0"));
  EXPECT_TRUE(can_shake_hands("-tls1_2"));
  EXPECT_TRUE(can_shake_hands("-tls1_3"));
}

TEST_F(WebConfig, MinVersionIsEnforced) {
  start(std::string(kTls) + "  min_version: TLS13\n");
  EXPECT_FALSE(can_shake_hands("-tls1_2"));
  EXPECT_TRUE(can_shake_hands("-tls1_3"));
}

TEST_F(WebConfig, OldVersionsAreThereWhenTheyAreWanted) {
  start(std::string(kTls) + "  min_version: TLS10\n  max_version: TLS12\n");
  EXPECT_TRUE(can_shake_hands("-tls1 -cipher DEFAULT@SECLEVEL=0"));
  EXPECT_TRUE(can_shake_hands("-tls1_1 -cipher DEFAULT@SECLEVEL=0"));
  EXPECT_FALSE(can_shake_hands("-tls1_3"));
}

TEST_F(WebConfig, CipherSuitesAreThoseOfTheConfiguration) {
  start(std::string(kTls) +
        "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n");
  EXPECT_THAT(handshake("-tls1_2"), HasSubstr("Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"));
  EXPECT_FALSE(can_shake_hands("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256"));
}

TEST_F(WebConfig, ServerPrefersItsOrderOfCipherSuites) {
  start(std::string(kTls) +
        "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,"
        " TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n");
  EXPECT_THAT(handshake("-tls1_2 -cipher "
                        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"),
              HasSubstr("Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"));
}

TEST_F(WebConfig, CurvesAreThoseOfTheConfiguration) {
  start(std::string(kTls) + "  curve_preferences: [CurveP384]\n");
  EXPECT_FALSE(can_shake_hands("-groups X25519"));
  EXPECT_TRUE(can_shake_hands("-groups P-384"));
}

TEST_F(WebConfig, ProtocolIsHttp11ForThoseWhoAsk) {
  start(kTls);
  EXPECT_THAT(handshake("-alpn h2,http/1.1"), HasSubstr("ALPN protocol: http/1.1"));
  EXPECT_EQ(get({"--http2"}).status, 200);
}

struct ClientAuthCase {
  const char* type;
  bool nobody, stranger, client;  // whether they may in
};

void PrintTo(const ClientAuthCase& printed, std::ostream* out) { *out << printed.type; }

class ClientAuth : public WebConfig, public ::testing::WithParamInterface<ClientAuthCase> {};

TEST_P(ClientAuth, LetsInWhomItShould) {
  const ClientAuthCase& expected = GetParam();
  const bool verifies = std::string_view(expected.type).find("Verif") != std::string_view::npos;
  start(std::string(kTls) + "  client_auth_type: " + expected.type + "\n" +
        (verifies ? "  client_ca_file: authority.pem\n" : ""));
  for (const char* version : {"1.2", "1.3"}) {
    const auto status = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), {"--tls-max", version});
      return get(std::move(arguments)).status;
    };
    EXPECT_EQ(status({}), expected.nobody ? 200 : 0) << version;
    EXPECT_EQ(status(certificate("stranger")), expected.stranger ? 200 : 0) << version;
    EXPECT_EQ(status(certificate("client")), expected.client ? 200 : 0) << version;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, ClientAuth,
    ::testing::Values(ClientAuthCase{"NoClientCert", true, true, true},
                      ClientAuthCase{"RequestClientCert", true, true, true},
                      ClientAuthCase{"RequireAnyClientCert", false, true, true},
                      ClientAuthCase{"VerifyClientCertIfGiven", true, false, true},
                      ClientAuthCase{"RequireAndVerifyClientCert", false, false, true}),
    [](const auto& info) { return info.param.type; });

TEST_F(WebConfig, ClientsNeedOneOfTheAllowedNames) {
  const std::string config = std::string(kTls) +
                             "  client_auth_type: RequireAndVerifyClientCert\n"
                             "  client_ca_file: authority.pem\n  client_allowed_sans: ";
  start(config + "[other.example, 192.0.2.7]\n");
  EXPECT_EQ(get(certificate("client")).status, 200);
  EXPECT_EQ(get(certificate("authority")).status, 0);
  directory_.write("web.yml", config + "[other.example]\n");
  EXPECT_TRUE(support::wait_until([&] { return get(certificate("client")).status == 0; }, 30s));
  directory_.write("web.yml", config + "[scraper.example]\n");
  EXPECT_TRUE(support::wait_until([&] { return get(certificate("client")).status == 200; }, 30s));
}

TEST_F(WebConfig, NoSessionIsResumed) {
  start(std::string(kTls) +
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n");
  const std::string client = "-cert " + certificates().path() + "/client.pem -key " +
                             certificates().path() + "/client.key";
  const std::string twice = handshake("-tls1_2 -reconnect " + client);
  EXPECT_THAT(twice, AllOf(HasSubstr("New, TLSv1.2"), Not(HasSubstr("Reused"))));
  EXPECT_THAT(handshake("-tls1_3 " + client), Not(HasSubstr("New Session Ticket")));
}

TEST_F(WebConfig, PasswordIsNeededOnEveryPath) {
  start(users("me", "secret"));
  for (const char* path : {"/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"}) {
    EXPECT_THAT(get_plain({}, path).text,
                AllOf(HasSubstr("401"), HasSubstr("WWW-Authenticate: Basic")))
        << path;
    EXPECT_EQ(get_plain({"-u", "me:guess"}, path).status, 401) << path;
    EXPECT_EQ(get_plain({"-u", "you:secret"}, path).status, 401) << path;
  }
  EXPECT_EQ(get_plain({"-u", "me:secret"}).status, 200);
  EXPECT_EQ(get_plain({"-u", "me:secret"}).status, 200);
  EXPECT_EQ(get_plain({"-X", "POST"}, "/-/reload").status, 401);
}

TEST_F(WebConfig, PasswordsWorkOverTls) {
  start(kTls + users("me", "secret"));
  EXPECT_EQ(get({}).status, 401);
  EXPECT_EQ(get({"-u", "me:secret"}).status, 200);
}

TEST_F(WebConfig, UsersChangeWithoutARestart) {
  start(users("me", "secret"));
  ASSERT_EQ(get_plain({"-u", "me:secret"}).status, 200);
  directory_.write("web.yml", users("you", "other"));
  EXPECT_TRUE(
      support::wait_until([&] { return get_plain({"-u", "you:other"}).status == 200; }, 30s));
  EXPECT_EQ(get_plain({"-u", "me:secret"}).status, 401);
}

TEST_F(WebConfig, CertificateChangesWithoutARestart) {
  start(kTls);
  EXPECT_THAT(handshake(""), HasSubstr("subject=CN = server"));
  // Between the two the pair does not fit, and the old one serves.
  copy("next.pem", "server.pem");
  EXPECT_THAT(handshake(""), HasSubstr("subject=CN = server"));
  copy("next.key", "server.key");
  EXPECT_TRUE(support::wait_until(
      [&] { return handshake("").find("subject=CN = next") != std::string::npos; }, 30s));
}

TEST_F(WebConfig, BadChangeKeepsTheOldSettings) {
  start(users("me", "secret"));
  directory_.write("web.yml", "basic_auth_users:\n  me: secret\n");
  EXPECT_TRUE(support::wait_until(
      [&] {
        return get_plain({"-u", "me:secret"})
                   .text.find("rtt_exporter_web_config_last_reload_successful 0\n") !=
               std::string::npos;
      },
      30s));
  EXPECT_THAT(daemon_->process().errors(), HasSubstr("web.yml:2:3: "));
  EXPECT_EQ(get_plain({}).status, 401);
}

TEST_F(WebConfig, ReloadReadsIt) {
  start(users("me", "secret"));
  directory_.write("web.yml", users("you", "other"));
  daemon_->process().signal(SIGHUP);
  EXPECT_TRUE(daemon_->process().wait_for_text("web configuration reloaded", 30s));
  EXPECT_EQ(get_plain({"-u", "you:other"}).status, 200);
  directory_.write("web.yml", "nonsense: 1\n");
  const Answer answer = get_plain({"-u", "you:other", "-X", "POST"}, "/-/reload");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.text, HasSubstr("web.yml:1:1: unknown key 'nonsense'"));
}

TEST_F(WebConfig, TlsIsNotTurnedOnWithoutARestart) {
  start(users("me", "secret"));
  directory_.write("web.yml", kTls + users("me", "secret"));
  daemon_->process().signal(SIGHUP);
  EXPECT_TRUE(daemon_->process().wait_for_text("without a restart", 30s));
  EXPECT_EQ(get_plain({"-u", "me:secret"}).status, 200);
}

TEST_F(WebConfig, HeadersAreOnEveryAnswer) {
  start("http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n" +
        users("me", "secret"));
  EXPECT_THAT(get_plain({}).text, HasSubstr("X-Frame-Options: deny\r\n"));
  EXPECT_THAT(get_plain({"-u", "me:secret"}).text, HasSubstr("X-Frame-Options: deny\r\n"));
}

TEST_F(WebConfig, BadFileIsExitCode1WithEveryProblem) {
  const std::string file =
      "--web.config.file=" + directory_.write("web.yml",
                                              "tls_server_config:\n  cert_file: server.pem\n"
                                              "  key_file: missing.key\n  min_version: TLS14\n");
  for (const auto& arguments : {std::vector<std::string>{file}, {file, "--config.check"}}) {
    const Finished finished = support::run_daemon(here_, arguments);
    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.errors, AllOf(HasSubstr("web.yml:3:13: 'key_file': " + directory_.path() +
                                                 "/missing.key: No such file or directory"),
                                       HasSubstr("web.yml:4:16: 'min_version' is 'TLS14'")));
  }
}

TEST_F(WebConfig, GoodFilePassesTheCheck) {
  const std::string file = directory_.write("web.yml", kTls + users("me", "secret"));
  const Finished finished =
      support::run_daemon(here_, {"--web.config.file=" + file, "--config.check"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.output, HasSubstr(file + ": the web configuration is valid\n"));
}

}  // namespace
}  // namespace rtt::integration
