// Whether a file is still the one that was read.
#pragma once

#include <cstdint>
#include <string>

namespace rtt::config {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  /// Of what stands behind the name now, links followed. One that cannot be looked at has the
  /// default values.
  [[nodiscard]] static FileStamp of(const std::string& path);
  bool operator==(const FileStamp&) const = default;
};

/// The stamp is from before the reading, so that a change while it was read shows as one.
struct StampedFile {
  std::string path;
  FileStamp stamp;

  [[nodiscard]] bool is_unchanged() const { return FileStamp::of(path) == stamp; }
};

}  // namespace rtt::config
