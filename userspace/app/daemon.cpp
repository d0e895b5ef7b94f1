#include "app/daemon.h"

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/core.h"
#include "app/notifier.h"
#include "app/opener_process.h"
#include "app/privileged_start.h"
#include "app/privileges.h"
#include "app/probe_endpoint.h"
#include "app/reload_paths.h"
#include "app/watchdog.h"
#include "base/logging.h"
#include "web/server.h"
#include "web/settings_file.h"

namespace rtt::app {
namespace {

constexpr metrics::FamilyInfo kBuildInfo = {"rtt_exporter_build_info",
                                            "Always 1; the labels say what was built."};
constexpr metrics::FamilyInfo kReloadSuccessful = {
    "rtt_exporter_config_last_reload_successful",
    "Whether the last attempt to load the configuration succeeded."};
constexpr metrics::FamilyInfo kReloadTimestamp = {
    "rtt_exporter_config_last_reload_success_timestamp_seconds",
    "When the configuration in force was loaded, in seconds since unix epoch."};

std::string joined(const config::Problems& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
  return text;
}

void print_problems(const config::Problems& problems) {
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
}

// Fresh memory costs the kernel more time than filling it. So what a scrape reads its series into, up to
// this much, stays for the next one, once and not for each thread that sends; what a larger one takes
// goes back to the system when it is sent.
void keep_memory_for_scrapes() {
  constexpr int kLargestKept = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, kLargestKept);
  mallopt(M_ARENA_MAX, 2);
}

class Daemon {
 public:
  explicit Daemon(const Options& options) : options_(options), core_(loop_) {}

  int run();

 private:
  base::Result<void> start();
  base::Result<void> serve(std::vector<web::ListenSocket> sockets);
  base::Result<Configuration> load();
  base::Result<void> apply(Configuration configuration);
  base::Result<void> reload();
  base::Result<void> reload_from_other_thread();
  void note_success();
  [[nodiscard]] std::string status() const;
  void on_signal(int signal);

  const Options& options_;
  Notifier notifier_;
  base::EventLoop loop_;
  base::UniqueFd bpf_run_time_;
  Core core_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> stopping_ = false;
  ProbeEndpoint probe_endpoint_{core_.metrics()};
  std::unique_ptr<web::SettingsFile> web_settings_;  // null without --web.config.file
  std::unique_ptr<web::Server> server_;
  std::optional<Watchdog> watchdog_;  // if somebody waits for it
};

int Daemon::run() {
  loop_.on_signals({SIGHUP, SIGINT, SIGTERM}, [this](int signal) { on_signal(signal); });
  if (const auto started = start(); !started) {
    base::log_error("cannot start", {{"reason", started.error().message}});
    notifier_.status("Cannot start: " + started.error().message);
    return 1;
  }
  ready_ = true;
  for (const base::ListenAddress& address : server_->addresses()) {
    base::log_info("listening", {{"address", address.to_string()}});
  }
  notifier_.ready(status());
  if (const auto timeout = Notifier::watchdog_timeout()) {
    watchdog_.emplace(loop_, notifier_, *timeout,
                      [this](auto answer) { core_.post_to_probe_loop(std::move(answer)); });
  }
  loop_.run();
  stopping_ = true;
  probe_endpoint_.stop();  // the server waits for its answers
  server_.reset();
  base::log_info("stopped");
  return 0;
}

base::Result<void> Daemon::start() {
  core_.metrics().set_gauge(kBuildInfo, {{"version", RTT_VERSION}, {"compiler", RTT_COMPILER}}, 1);
  auto configuration = load();
  if (!configuration) return configuration.error();
  const auto& tcp_info = configuration->config.passive.tcp_info;
  if (tcp_info.enabled && tcp_info.all_namespaces) {
    core_.set_namespace_opener(start_namespace_opener());
  }
  auto privileged = PrivilegedStart::create(options_, configuration->config);
  if (!privileged) return privileged.error();
  bpf_run_time_ = std::move(privileged->bpf_run_time);
  auto gave_up = give_up_privileges(reload_paths(options_, *configuration, web_settings_.get()));
  if (!gave_up) return gave_up;
  // Here threads begin.
  auto probe_endpoint = ProbeEndpoint::settings_of(*configuration);
  auto started = core_.start(*std::move(configuration), std::move(privileged->echo));
  if (!started) return started;
  probe_endpoint_.configure(std::move(probe_endpoint));
  note_success();
  return serve(std::move(privileged->web));
}

base::Result<void> Daemon::serve(std::vector<web::ListenSocket> sockets) {
  auto server = web::Server::create(std::move(sockets),
                                    {.telemetry_path = options_.telemetry_path,
                                     .version = RTT_VERSION,
                                     .settings = web_settings_.get()},
                                    {.exposition = core_.exposition(),
                                     .store = core_.store(),
                                     .sources = [this] { return core_.sources().sources(); },
                                     .reload = [this] { return reload_from_other_thread(); },
                                     .ready = [this] { return ready_.load(); },
                                     .probing = &probe_endpoint_});
  if (!server) return server.error();
  server_ = std::move(*server);
  return {};
}

// Of both files every problem.
base::Result<Configuration> Daemon::load() {
  auto configuration = load_configuration(options_.config_file);
  const auto* problems = std::get_if<config::Problems>(&configuration);
  if (problems != nullptr) print_problems(*problems);
  bool good = problems == nullptr;
  if (!options_.web_config_file.empty()) {
    auto loaded = web::SettingsFile::load(options_.web_config_file, core_.metrics());
    if (auto* file = std::get_if<std::unique_ptr<web::SettingsFile>>(&loaded)) {
      web_settings_ = std::move(*file);
    } else {
      print_problems(std::get<config::Problems>(loaded));
      good = false;
    }
  }
  if (!good) return base::Error{"the configuration cannot be used"};
  return std::move(std::get<Configuration>(configuration));
}

base::Result<void> Daemon::apply(Configuration configuration) {
  auto probe_endpoint = ProbeEndpoint::settings_of(configuration);
  auto applied = core_.apply(std::move(configuration));
  if (applied) probe_endpoint_.configure(std::move(probe_endpoint));
  return applied;
}

base::Result<void> Daemon::reload() {
  notifier_.reloading();
  auto applied = web_settings_ ? web_settings_->reload() : base::Result<void>();
  if (applied) {
    auto configuration = load_configuration(options_.config_file);
    auto* const loaded = std::get_if<Configuration>(&configuration);
    applied =
        loaded != nullptr
            ? apply(std::move(*loaded))
            : base::Result<void>(base::Error{joined(std::get<config::Problems>(configuration))});
  }
  if (applied) {
    note_success();
    base::log_info("configuration reloaded");
    notifier_.ready(status());
  } else {
    core_.metrics().set_gauge(kReloadSuccessful, {}, 0);
    base::log_error("reload refused, the old configuration stays in force",
                    {{"reason", applied.error().message}});
    notifier_.ready("Reload refused, the old configuration stays in force: " +
                    applied.error().message);
  }
  return applied;
}

base::Result<void> Daemon::reload_from_other_thread() {
  const auto outcome = std::make_shared<std::promise<base::Result<void>>>();
  auto future = outcome->get_future();
  loop_.post([this, outcome] { outcome->set_value(reload()); });
  // A request that comes while the loop ends is never carried out.
  while (future.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
    if (stopping_) return base::Error{"the program is stopping"};
  }
  return future.get();
}

void Daemon::note_success() {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  core_.metrics().set_gauge(kReloadSuccessful, {}, 1);
  core_.metrics().set_gauge(kReloadTimestamp, {}, now.count());
}

// For a person who looks at the service.
std::string Daemon::status() const {
  std::string up;
  std::string down;
  for (const web::Backend::Source& source : core_.sources().sources()) {
    (source.up ? up : down) += " " + source.name;
  }
  return "Measuring:" + (up.empty() ? " nothing" : up) + (down.empty() ? "" : "; off:" + down);
}

void Daemon::on_signal(int signal) {
  if (signal == SIGHUP) {
    // reload() has said in the log and in the metrics how it went.
    (void)reload();
  } else {
    base::log_info("stopping", {{"signal", std::to_string(signal)}});
    notifier_.stopping();
    loop_.stop();
  }
}

}  // namespace

int run_daemon(const Options& options) {
  base::configure_logging(options.log_level, options.log_format);
  std::signal(SIGPIPE, SIG_IGN);
  keep_memory_for_scrapes();
  if (const auto raised = raise_limits(); !raised) {
    base::log_error("cannot start", {{"reason", raised.error().message}});
    return 1;
  }
  return Daemon(options).run();
}

int check_config(const Options& options) {
  const auto configuration = load_configuration(options.config_file);
  config::Problems problems;
  if (const auto* found = std::get_if<config::Problems>(&configuration)) problems = *found;
  if (!options.web_config_file.empty()) {
    const auto found = web::check_settings_file(options.web_config_file);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  print_problems(problems);
  if (!problems.empty()) return 1;
  std::printf("%s: the configuration is valid\n",
              options.config_file.empty() ? "built-in defaults" : options.config_file.c_str());
  if (!options.web_config_file.empty()) {
    std::printf("%s: the web configuration is valid\n", options.web_config_file.c_str());
  }
  return 0;
}

}  // namespace rtt::app
