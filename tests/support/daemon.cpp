#include "support/daemon.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>

#include "support/patience.h"
#include "support/scrape_rules.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::support {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kDefaultPort = 10049;
constexpr const char* kConfigFile = "rtt_exporter.yml";
constexpr const char* kProgram = RTT_BINARY_DIR "/rtt_exporter";

Scrape read(const base::Result<HttpResponse>& response) {
  if (!response) throw SetupError("no scrape: " + response.error().message);
  if (response->status != 200) throw SetupError("a scrape is answered with " + response->body);
  auto scrape = Scrape::parse(response->body);
  if (!scrape) throw SetupError("a scrape cannot be read: " + scrape.error().message);
  for (const std::string& broken : broken_rules(*scrape)) ADD_FAILURE() << broken;
  return std::move(*scrape);
}

}  // namespace

Daemon::Daemon(const Namespace& where, Options options) : where_(where), port_(options.port) {
  std::vector<std::string> argv = {kProgram};
  if (!options.config.empty()) {
    write_config(options.config);
    argv.push_back("--config.file=" + directory_.path() + "/" + kConfigFile);
  }
  if (port_ != kDefaultPort) argv.push_back("--web.listen-address=:" + std::to_string(port_));
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  std::string before = options.before;
  if (!options.resolv_conf.empty()) {
    const std::string file = directory_.write("resolv.conf", options.resolv_conf);
    before += "mount --bind " + file + " /etc/resolv.conf\n";
  }
  if (!before.empty()) {
    const std::string script = "set -e\n" + before + "exec \"$0\" \"$@\"";
    argv.insert(argv.begin(), {"unshare", "--mount", "sh", "-c", script});
  }
  argv.insert(argv.begin(), options.launcher.begin(), options.launcher.end());
  process_ = std::make_unique<Process>(argv, ProcessOptions{.where = &where, .user = options.user});
  if (!options.wait_ready) return;
  const auto ready = [&] {
    const auto response = get("/-/ready");
    return response.ok() && response->status == 200;
  };
  if (!wait_until([&] { return ready() || !process_->running(); }, 30s, 20ms) ||
      !process_->running()) {
    throw SetupError("the daemon does not get ready:\n" + process_->errors());
  }
}

Daemon::~Daemon() {
  if (::testing::Test::HasFailure()) std::cerr << "--- log\n" << process_->errors() << "---\n";
}

base::Result<HttpResponse> Daemon::get(const std::string& path) const {
  return fetch({.where = &where_, .port = port_, .path = path});
}

base::Result<HttpResponse> Daemon::post(const std::string& path) const {
  return fetch({.where = &where_, .method = "POST", .port = port_, .path = path});
}

Scrape Daemon::scrape() const { return read(get("/metrics")); }
Scrape Daemon::scrape(HttpConnection& connection) { return read(connection.get("/metrics")); }

Scrape Daemon::scrape_until(const std::function<bool(const Scrape&)>& condition,
                            std::chrono::nanoseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout * patience();
  for (;;) {
    Scrape last = scrape();
    if (condition(last)) return last;
    if (std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE() << "the scrape that the test waits for does not come";
      return last;
    }
    std::this_thread::sleep_for(50ms);
  }
}

void Daemon::write_config(const std::string& config) const {
  directory_.write(kConfigFile, config);
}

HttpResponse Daemon::reload() const {
  auto response = post("/-/reload");
  if (!response) throw SetupError("no answer to a reload: " + response.error().message);
  return std::move(*response);
}

std::optional<int> Daemon::stop(std::chrono::nanoseconds timeout) {
  process_->signal(SIGTERM);
  return process_->wait(timeout);
}

Finished run_daemon(const Namespace& where, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {kProgram};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Process process(argv, {.where = &where});
  const auto code = process.wait(10s);
  return {.code = code, .output = process.output(), .errors = process.errors()};
}

}  // namespace rtt::support
