#include "config/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace rtt::config {

base::Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::errno_error(path);
  std::string text;
  std::array<char, 64 * 1024> buffer;
  while (text.size() < max_bytes) {
    const std::size_t wanted = std::min(buffer.size(), max_bytes - text.size());
    const ssize_t count = ::read(file.get(), buffer.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::errno_error(path);
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace rtt::config
