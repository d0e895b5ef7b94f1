#include "app/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <vector>

#include "app/capabilities.h"
#include "app/unprivileged_user.h"
#include "base/logging.h"

namespace rtt::app {
namespace {

const std::vector<int> kNeededByReloads = {CAP_BPF, CAP_PERFMON, CAP_NET_RAW};

// What whoever started the process has chosen, and the kernel takes away when its user changes.
class StarterSettings {
 public:
  StarterSettings() { prctl(PR_GET_PDEATHSIG, &parent_death_signal_); }

  // Core dumps, debuggers, and on old kernels its own /proc/self/fdinfo.
  void restore_dumpable() const {
    if (is_dumpable_) prctl(PR_SET_DUMPABLE, 1);
  }
  void restore_parent_death_signal() const {
    if (parent_death_signal_ == 0) return;
    prctl(PR_SET_PDEATHSIG, parent_death_signal_);
    if (getppid() != parent_) raise(parent_death_signal_);  // it ended in between
  }

 private:
  const bool is_dumpable_ = prctl(PR_GET_DUMPABLE) == 1;
  const pid_t parent_ = getppid();
  int parent_death_signal_ = 0;
};

// Nothing: it need not.
std::optional<std::string> reason_to_stay_root(const User& user,
                                               std::span<const std::string> paths) {
  if (!has_capability(CAP_SETUID) || !has_capability(CAP_SETGID)) {
    return "to become another user takes CAP_SETUID and CAP_SETGID";
  }
  const auto unreadable = first_unreadable_to(user, paths);
  if (!unreadable) return unreadable.error().message;
  if (!*unreadable) return std::nullopt;
  return "user " + user.name + " cannot read " + **unreadable + ", which a reload reads";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "none" : text;
}

void say(const std::string& capabilities, const std::optional<std::string>& reason_for_root) {
  const std::string user = name_of_user(geteuid());
  if (!reason_for_root) {
    return base::log_info("running as", {{"user", user}, {"capabilities", capabilities}});
  }
  base::log_warn("running as root, without what else makes root",
                 {{"user", user}, {"capabilities", capabilities}, {"reason", *reason_for_root}});
}

}  // namespace

base::Result<void> give_up_privileges(std::span<const std::string> paths) {
  const StarterSettings settings;
  const bool started_as_root = geteuid() == 0;
  std::optional<std::string> reason;
  if (started_as_root) {
    const User user = unprivileged_user();
    reason = reason_to_stay_root(user, paths);
    empty_bounding_set();  // as long as it still may
    if (!reason) {
      if (auto became = become(user); !became) return became;
    }
  }
  const auto kept = keep_only(kNeededByReloads);
  if (!kept) return kept.error();
  // A process without capabilities would open its memory, and so its keys, to all that runs as that
  // user; nobody who has none may look into one that has some.
  if (!kept->empty() || geteuid() == 0) settings.restore_dumpable();
  settings.restore_parent_death_signal();
  say(joined(*kept), reason);
  if (const auto unreadable = first_unreadable(paths)) {
    base::log_warn("a reload will be refused: it cannot read a file any more",
                   {{"file", *unreadable}, {"user", name_of_user(geteuid())}});
  }
  return {};
}

}  // namespace rtt::app
