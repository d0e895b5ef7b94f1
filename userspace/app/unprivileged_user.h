// The user that the program becomes when it was started as root.
//
// For the only thread of a process with CAP_SETUID and CAP_SETGID.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace rtt::app {

struct User {
  std::string name;
  uid_t uid;
  gid_t gid;
};

/// `rtt_exporter` where there is such a user, else `nobody`, which every kernel has (65534) even
/// where no file names it.
[[nodiscard]] User unprivileged_user();

/// Its name, or its number where it has none.
[[nodiscard]] std::string name_of_user(uid_t uid);

/// The first of these files and directories that may not be read, or nothing. A directory's path
/// ends with '/'. What does not exist is no matter of permission.
[[nodiscard]] std::optional<std::string> first_unreadable(std::span<const std::string> paths);

/// The same for this user without other groups. Error: this process cannot act as it (a user
/// namespace without it, say).
[[nodiscard]] base::Result<std::optional<std::string>> first_unreadable_to(
    const User& user, std::span<const std::string> paths);

/// Becomes this user, in its group only, for good; the capabilities stay permitted.
[[nodiscard]] base::Result<void> become(const User& user);

}  // namespace rtt::app
