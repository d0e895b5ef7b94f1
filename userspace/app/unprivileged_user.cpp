#include "app/unprivileged_user.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::app {
namespace {

constexpr const char* kOwnUser = "rtt_exporter";
constexpr const char* kNobody = "nobody";
constexpr uid_t kOverflowId = 65534;  // user_namespaces(7), "Unmapped user and group IDs"

// The file accesses of this thread are those of another user while it lives: setfsuid(2), which
// takes CAP_DAC_OVERRIDE and its like away as well.
class FileAccessAs {
 public:
  explicit FileAccessAs(const User& user) {
    const int count = getgroups(0, nullptr);
    groups_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count < 0 || getgroups(count, groups_.data()) < 0 || setgroups(0, nullptr) != 0) return;
    has_no_groups_ = true;
    setfsgid(user.gid);
    setfsuid(user.uid);
    // Neither call says whether it failed, nor does -1 change anything.
    works_ = setfsgid(static_cast<gid_t>(-1)) == static_cast<int>(user.gid) &&
             setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(user.uid);
  }
  ~FileAccessAs() {
    setfsuid(geteuid());
    setfsgid(getegid());
    if (has_no_groups_) setgroups(groups_.size(), groups_.data());
  }
  FileAccessAs(const FileAccessAs&) = delete;
  FileAccessAs& operator=(const FileAccessAs&) = delete;

  [[nodiscard]] bool works() const { return works_; }

 private:
  std::vector<gid_t> groups_;
  bool has_no_groups_ = false;
  bool works_ = false;
};

bool may_read(std::string path) {
  if (path.ends_with('/')) path += '.';  // so that it must be searchable, too
  const base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  return file || (errno != EACCES && errno != EPERM);
}

}  // namespace

User unprivileged_user() {
  for (const char* name : {kOwnUser, kNobody}) {
    if (const passwd* entry = getpwnam(name); entry != nullptr && entry->pw_uid != 0) {
      return {.name = name, .uid = entry->pw_uid, .gid = entry->pw_gid};
    }
  }
  return {.name = kNobody, .uid = kOverflowId, .gid = kOverflowId};
}

std::string name_of_user(uid_t uid) {
  const passwd* const entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

std::optional<std::string> first_unreadable(std::span<const std::string> paths) {
  for (const std::string& path : paths) {
    if (!may_read(path)) return path;
  }
  return std::nullopt;
}

base::Result<std::optional<std::string>> first_unreadable_to(const User& user,
                                                             std::span<const std::string> paths) {
  const FileAccessAs access(user);
  if (!access.works()) return base::Error{"this process cannot act as user " + user.name};
  return first_unreadable(paths);
}

base::Result<void> become(const User& user) {
  if (cap_setgroups(user.gid, 0, nullptr) != 0 || cap_setuid(user.uid) != 0) {
    return base::errno_error("cannot become user " + user.name);
  }
  return {};
}

}  // namespace rtt::app
