// A directory of a test, readable by everyone, gone with its object.
#pragma once

#include <string>
#include <string_view>

namespace rtt::support {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file into it, replacing an older one, and returns its path.
  std::string write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};

/// The whole file; throws when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace rtt::support
