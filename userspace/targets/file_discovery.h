// The groups of all file_sd files that some patterns name, kept up to date.
//
// Follows the files however they are replaced: written in place, renamed over, by a symbolic link
// anywhere on the way to them (a mounted Kubernetes ConfigMap), in directories that come later.
// inotify tells within a moment; where it does not (a network file system, a limit of the kernel:
// logged), the files are read again every Options::refresh.
//
// A file that cannot be read or is wrong keeps the groups it had, is logged once per problem and
// counted in rtt_exporter_discovery_errors_total{source="file"} every time. The groups of a file
// that is gone go. Only regular files are read. Lives on the control loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "config/file_sd.h"
#include "metrics/exporter_metrics.h"

namespace rtt::targets {

class FileDiscovery {
 public:
  struct Options {
    base::nanoseconds settle = std::chrono::milliseconds(100);  // from a change to the reading
    base::nanoseconds refresh = std::chrono::minutes(5);
    /// Of all patterns together; a file too many is an error of that file.
    std::size_t max_files = 1000;
    std::size_t max_memory = std::size_t{64} << 20U;  // what FileGroup::memory() says
  };
  /// The groups of some pattern are not what they were. May call set_patterns(), but must not
  /// destroy the discovery.
  using OnChange = std::function<void()>;

  /// `loop` and `metrics` must outlive it.
  [[nodiscard]] static std::unique_ptr<FileDiscovery> create(base::EventLoop& loop,
                                                             metrics::ExporterMetrics& metrics,
                                                             OnChange on_change, Options options);
  [[nodiscard]] static std::unique_ptr<FileDiscovery> create(base::EventLoop& loop,
                                                             metrics::ExporterMetrics& metrics,
                                                             OnChange on_change);
  ~FileDiscovery();

  /// Replaces the patterns; one may be there twice. Each is absolute and passes
  /// config::check_file_pattern(). Files that are new are read before it returns, and OnChange is
  /// not called for them. What the patterns before these brought is remembered until the next
  /// call, so that going back to them costs no groups.
  void set_patterns(const std::vector<std::string>& patterns);

  /// Files in the order of their names, groups in the order of the file; none when the pattern is
  /// not set.
  [[nodiscard]] std::vector<config::FileGroup> groups(const std::string& pattern) const;

 private:
  struct Impl;
  explicit FileDiscovery(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::targets
