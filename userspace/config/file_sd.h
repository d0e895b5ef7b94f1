// What one file of Prometheus' file_sd_config says: hosts in groups with constant labels.
//
// A list of {targets: [...], labels: {...}}, as JSON or as YAML. A target is a host or host:port
// ([v6]:port); the port is not used, because the probe has its own. Labels that begin with "__" and
// labels without a value mean nothing here and are left out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/loader.h"

namespace rtt::config {

struct FileGroup {
  std::vector<std::string> hosts;  // as written, without the port; names or IP literals
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by name

  bool operator==(const FileGroup&) const = default;
  /// Bytes that it takes, about.
  [[nodiscard]] std::size_t memory() const;
};

/// As JSON; as YAML 1 MiB, because yaml-cpp takes 200 times the memory for some.
inline constexpr std::size_t kMaxFileSdBytes = std::size_t{4} << 20U;
inline constexpr std::size_t kMaxFileSdTargets = 100'000;

/// The groups in the order of the file, without those that have no hosts; a host that comes twice
/// (two ports of one host) is in the first group that has it. Or, if anything at all is wrong, only
/// the problems. Text that begins as JSON does is read as JSON, and, unless `path` ends in .json, as
/// YAML when it is none; everything else as YAML. Time and memory are bounded whatever the text:
/// some 0.2 s per MiB.
[[nodiscard]] std::variant<std::vector<FileGroup>, Problems> parse_file_sd(std::string_view text,
                                                                           std::string_view path);

/// Whether it can name files: a path whose last part may have the wildcards *, ? and [...]. Error:
/// what is wrong and what is allowed.
[[nodiscard]] base::Result<void> check_file_pattern(std::string_view pattern);

}  // namespace rtt::config
