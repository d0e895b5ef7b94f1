#include "web/settings_file.h"

#include <gmock/gmock.h>

#include <thread>

#include "unit/web/settings_fixture.h"

namespace rtt::web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kTls = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n";
const std::string kUsers = std::string("basic_auth_users: {ann: ") + kHash + "}\n";
const std::string kHeader = "http_server_config: {headers: {X-Frame-Options: deny}}\n";

class SettingsFileTest : public testing::Test {
 protected:
  SettingsFileTest() {
    directory_.write("server.pem", testdata("server.pem"));
    directory_.write("server.key", testdata("server.key"));
  }

  std::unique_ptr<SettingsFile> load(const std::string& text) {
    directory_.write(text);
    return directory_.load(metrics_);
  }

  // The file is looked at once a second.
  static bool changes(SettingsFile& file, const std::shared_ptr<const Settings>& before) {
    for (int i = 0; i < 3000; ++i) {
      if (file.current() != before) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string metrics_text() const {
    std::string text;
    metrics_.append_text(text);
    return text;
  }

  SettingsDirectory directory_;
  metrics::ExporterMetrics metrics_;
};

TEST_F(SettingsFileTest, HasNothingInAnEmptyFile) {
  const auto settings = load("")->current();
  EXPECT_EQ(settings->tls, nullptr);
  EXPECT_EQ(settings->users, nullptr);
  EXPECT_TRUE(settings->headers.empty());
}

TEST_F(SettingsFileTest, HasWhatTheFileSays) {
  const auto settings = load(kTls + kUsers + kHeader)->current();
  EXPECT_NE(settings->tls, nullptr);
  ASSERT_NE(settings->users, nullptr);
  EXPECT_TRUE(settings->users->check({"ann", "secret"}));
  EXPECT_THAT(settings->headers, ElementsAre(Pair("X-Frame-Options", "deny")));
}

TEST_F(SettingsFileTest, SaysWhatIsWrongWithTheFilesThatItNames) {
  directory_.write("tls_server_config:\n  cert_file: server.pem\n  key_file: other.key\n");
  directory_.write("other.key", testdata("other.key"));
  EXPECT_THAT(check_settings_file(directory_.path()),
              ElementsAre(HasSubstr("web.yml:3:13: 'key_file': not the key of the certificate: ")));
  directory_.write("other.key", "nonsense");
  EXPECT_THAT(check_settings_file(directory_.path()),
              ElementsAre(HasSubstr("web.yml:3:13: 'key_file': not a private key in PEM without a "
                                    "password: ")));
}

TEST_F(SettingsFileTest, FollowsTheFile) {
  const auto file = load(kUsers);
  const auto before = file->current();
  directory_.write(kHeader);
  EXPECT_TRUE(changes(*file, before));
  EXPECT_EQ(file->current()->users, nullptr);
}

TEST_F(SettingsFileTest, FollowsTheFilesThatItNames) {
  const auto file = load(kTls);
  const auto before = file->current();
  directory_.write("server.pem", testdata("server.pem") + "\n");
  EXPECT_TRUE(changes(*file, before));
}

TEST_F(SettingsFileTest, KeepsTheOldSettingsWhenTheNewOnesAreBad) {
  const auto file = load(kUsers);
  const auto before = file->current();
  directory_.write("nonsense: 1\n");
  const auto reloaded = file->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().message, HasSubstr("web.yml:1:1: unknown key 'nonsense'"));
  EXPECT_EQ(file->current(), before);
  EXPECT_THAT(metrics_text(), HasSubstr("rtt_exporter_web_config_last_reload_successful 0\n"));
  directory_.write(kHeader);
  EXPECT_TRUE(changes(*file, before));
  EXPECT_THAT(metrics_text(), HasSubstr("rtt_exporter_web_config_last_reload_successful 1\n"));
}

TEST_F(SettingsFileTest, SaysABadChangeOnce) {
  const auto file = load(kUsers);
  directory_.write("nonsense: 1\n");
  testing::internal::CaptureStderr();
  ASSERT_FALSE(file->reload());
  const auto before = file->current();
  // Several looks later it has not been read again.
  for (int looks = 0; looks < 3; ++looks) {
    const auto until = base::Clock::now() + std::chrono::milliseconds(1001);
    while (base::Clock::now() < until) EXPECT_EQ(file->current(), before);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(log.find("web configuration refused"), log.rfind("web configuration refused")) << log;
}

TEST_F(SettingsFileTest, SeesAFileThatComesBack) {
  const auto file = load(kTls);
  const auto before = file->current();
  std::filesystem::remove(directory_.path("server.pem"));
  ASSERT_FALSE(file->reload());
  directory_.write("server.pem", testdata("server.pem"));
  EXPECT_TRUE(changes(*file, before));
}

TEST_F(SettingsFileTest, TurnsTlsNeitherOnNorOff) {
  const auto plain = load(kUsers);
  directory_.write(kTls);
  const auto reloaded = plain->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().message,
              HasSubstr("TLS cannot be turned on or off without a restart"));
  const auto tls = load(kTls);
  directory_.write(kUsers);
  EXPECT_FALSE(tls->reload());
}

TEST_F(SettingsFileTest, ForgetsPasswordsWithTheUsers) {
  const auto file = load(kUsers);
  ASSERT_TRUE(file->current()->users->check({"ann", "secret"}));
  directory_.write(kUsers + kHeader);
  ASSERT_TRUE(file->reload());
  EXPECT_TRUE(file->current()->users->remembers({"ann", "secret"}));
  directory_.write("basic_auth_users: {ann: " + std::string(kSlowHash) + "}\n");
  ASSERT_TRUE(file->reload());
  EXPECT_FALSE(file->current()->users->remembers({"ann", "secret"}));
}

}  // namespace
}  // namespace rtt::web
