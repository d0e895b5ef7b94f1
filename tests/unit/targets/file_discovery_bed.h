// A FileDiscovery on a running loop, and a directory for its files.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"
#include "support/temporary_directory.h"
#include "support/wait_until.h"
#include "targets/file_discovery.h"

namespace rtt::targets {

inline std::string peers(const std::string& hosts) { return "[{\"targets\": [" + hosts + "]}]"; }

// Without reading again after a while: what a test sees, inotify told.
inline FileDiscovery::Options told() {
  FileDiscovery::Options options;
  options.settle = std::chrono::milliseconds(1);
  options.refresh = std::chrono::hours(1);
  return options;
}

// Reads again and again. What inotify tells as well comes too late to help.
inline FileDiscovery::Options untold() {
  FileDiscovery::Options options;
  options.settle = std::chrono::hours(1);
  options.refresh = std::chrono::milliseconds(5);
  return options;
}

class FileDiscoveryBed {
 public:
  using Texts = std::vector<std::string>;

  FileDiscoveryBed() : thread_([this] { loop_.run(); }) {}
  ~FileDiscoveryBed() {
    on_loop([this] { discovery_.reset(); });
    loop_.stop();
    thread_.join();
  }

  template <typename Function>
  void on_loop(Function function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  void start(FileDiscovery::Options options = told()) {
    on_loop([&] {
      discovery_ = FileDiscovery::create(loop_, metrics_, [this] { ++changes_; }, options);
    });
  }
  void set(const Texts& names) {
    Texts patterns;
    for (const std::string& name : names) patterns.push_back(path(name));
    on_loop([&] { discovery_->set_patterns(patterns); });
  }
  Texts hosts(const std::string& name) {
    Texts result;
    on_loop([&] {
      for (const auto& group : discovery_->groups(path(name))) {
        result.insert(result.end(), group.hosts.begin(), group.hosts.end());
      }
    });
    return result;
  }
  bool become(const std::string& name, const Texts& expected) {
    return support::wait_until([&] { return hosts(name) == expected; }, std::chrono::seconds(30));
  }
  double errors() {
    std::string text;
    metrics_.append_text(text);
    const std::string series = "\nrtt_exporter_discovery_errors_total{source=\"file\"} ";
    const std::size_t at = text.find(series);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size()));
  }
  bool fails(double times = 1) {
    return support::wait_until([&] { return errors() >= times; }, std::chrono::seconds(30));
  }
  [[nodiscard]] int changes() const { return changes_; }

  [[nodiscard]] std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }
  // In place, closed at the end.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  void replace(const std::string& name, const std::string& text) const {
    write(".new", text);
    std::filesystem::rename(path(".new"), path(name));
  }
  void make_directory(const std::string& name) const {
    std::filesystem::create_directories(path(name));
  }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, path(name));
  }
  void relink(const std::string& target, const std::string& name) const {
    link(target, name + ".new");
    std::filesystem::rename(path(name + ".new"), path(name));
  }

 private:
  support::TemporaryDirectory directory_;
  std::atomic<int> changes_ = 0;
  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  std::unique_ptr<FileDiscovery> discovery_;
  std::thread thread_;
};

}  // namespace rtt::targets
