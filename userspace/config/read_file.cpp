#include "config/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace rtt::config {

namespace {

base::Result<std::string> read(const base::UniqueFd& file, const std::string& path,
                               std::size_t max_bytes) {
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

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::errno_error(path);
  return read(file, path, max_bytes);
}

base::Result<std::string> read_regular_file(const std::string& path, std::size_t max_bytes) {
  // Opening a pipe waits for its other end, opening a device can do anything; so look first, and at
  // what was opened again.
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return base::errno_error(path);
  const base::Error irregular{path + ": not a regular file"};
  if (!S_ISREG(status.st_mode)) return irregular;
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file || ::fstat(file.get(), &status) != 0) return base::errno_error(path);
  if (!S_ISREG(status.st_mode)) return irregular;
  auto text = read(file, path, max_bytes + 1);
  if (text && text->size() > max_bytes) {
    return base::Error{path + ": larger than " + std::to_string(max_bytes) + " bytes"};
  }
  return text;
}

}  // namespace rtt::config
