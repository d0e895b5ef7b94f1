#include "config/file_stamp.h"

#include <sys/stat.h>

#include "base/clock.h"

namespace rtt::config {

FileStamp FileStamp::of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_ns = base::to_nanoseconds(status.st_mtim).count(),
          .changed_ns = base::to_nanoseconds(status.st_ctim).count()};
}

}  // namespace rtt::config
