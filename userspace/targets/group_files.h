// file_sd files by path, each with the groups that it had when it was last good.
//
// What cannot be read or is wrong is logged once per problem and counted every time
// (rtt_exporter_discovery_errors_total{source="file"}). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/file_sd.h"
#include "config/file_stamp.h"
#include "metrics/exporter_metrics.h"

namespace rtt::targets {

class GroupFiles {
 public:
  /// Of all files together, as FileGroup::memory() has it; a file too many is wrong.
  GroupFiles(metrics::ExporterMetrics& metrics, std::size_t max_memory);

  enum class When {
    kChanged,  // only when the file is not, by its stamp, the one that was read
    kAlways,
  };
  /// Brings the groups up to date. Of a file that is gone there are none.
  void read(const std::string& path, When when);
  void forget(const std::string& path);

  [[nodiscard]] const std::vector<config::FileGroup>& groups(const std::string& path) const;
  /// Another one for other groups; 0 when there never were any.
  [[nodiscard]] std::uint64_t version(const std::string& path) const;

  /// A problem that is about a path or a pattern, or that there is none any more.
  void problem(const std::string& about, const std::string& text);
  void no_problem(const std::string& about);

 private:
  struct Text {
    std::size_t size = 0;
    std::size_t hash = 0;
    bool operator==(const Text&) const = default;
  };
  struct File {
    config::FileStamp stamp;
    bool is_stamp_sure = false;
    Text text;
    bool is_text_wrong = false;
    std::vector<config::FileGroup> groups;
    std::uint64_t version = 0;
  };

  void take(const std::string& path, File& file, std::string_view text);
  void set_groups(const std::string& path, File& file, std::vector<config::FileGroup> groups);

  metrics::ExporterMetrics& metrics_;
  const std::size_t max_memory_;
  std::size_t memory_ = 0;
  std::uint64_t last_version_ = 0;
  std::unordered_map<std::string, File> files_;
  std::unordered_map<std::string, std::string> problems_;  // those that last
};

}  // namespace rtt::targets
