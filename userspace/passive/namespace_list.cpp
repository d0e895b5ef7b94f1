#include "passive/namespace_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace rtt::passive {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// With a position of its own.
Directory open_directory(int at, const char* path) {
  const int fd = ::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  Directory directory(::fdopendir(fd));
  if (!directory) ::close(fd);
  return directory;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "net:[4026531840]"
std::optional<ino_t> inode_in(std::string_view link) {
  constexpr std::string_view kBefore = "net:[";
  if (!link.starts_with(kBefore) || !link.ends_with(']')) return std::nullopt;
  link.remove_prefix(kBefore.size());
  link.remove_suffix(1);
  ino_t inode = 0;
  const auto [end, error] = std::from_chars(link.data(), link.data() + link.size(), inode);
  if (error != std::errc() || end != link.data() + link.size()) return std::nullopt;
  return inode;
}

class Lister {
 public:
  explicit Lister(NamespaceId own) : own_(own), seen_({own.inode}) {}

  void add_processes(int proc, std::size_t most);
  void add_mounts(const char* path);
  [[nodiscard]] NamespaceList take() { return std::move(list_); }

 private:
  void add_process(int proc, const char* pid);
  void add(ino_t inode, std::string path);

  // All namespaces' files are on one file system, so that a link's inode number is enough.
  const NamespaceId own_;
  std::unordered_set<ino_t> seen_;
  NamespaceList list_;
};

void Lister::add(ino_t inode, std::string path) {
  if (!seen_.insert(inode).second) return;
  list_.entries.push_back({{own_.device, inode}, std::move(path)});
}

void Lister::add_process(int proc, const char* pid) {
  std::string path = std::string(pid) + "/ns/net";
  std::array<char, 64> link{};
  const auto length = ::readlinkat(proc, path.c_str(), link.data(), link.size());
  if (length < 0) {
    // Else it has ended.
    if (errno == EACCES || errno == EPERM) ++list_.unreadable;
    return;
  }
  const auto inode = inode_in({link.data(), static_cast<std::size_t>(length)});
  if (inode) add(*inode, std::move(path));
}

void Lister::add_processes(int proc, std::size_t most) {
  const Directory directory = open_directory(proc, ".");
  if (!directory) return;
  std::size_t processes = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (!is_number(entry->d_name)) continue;
    if (++processes > most) {
      list_.has_all_processes = false;
      return;
    }
    add_process(proc, entry->d_name);
  }
}

// A file of another file system is what a mount that is gone has left.
void Lister::add_mounts(const char* path) {
  const Directory directory = open_directory(AT_FDCWD, path);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    struct stat file{};
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (file.st_dev != own_.device) continue;
    add(file.st_ino, std::string(path) + "/" + entry->d_name);
  }
}

}  // namespace

base::Result<NamespaceId> namespace_id(int fd) {
  struct stat file{};
  if (::fstat(fd, &file) != 0) return base::errno_error("cannot identify a network namespace");
  return NamespaceId{file.st_dev, file.st_ino};
}

NamespaceList list_namespaces(const NamespacePlaces& places, NamespaceId own) {
  Lister lister(own);
  lister.add_processes(places.proc, places.most_processes);
  for (const char* path : places.mounts) lister.add_mounts(path);
  return lister.take();
}

}  // namespace rtt::passive
