#include "app/capabilities.h"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <type_traits>

namespace rtt::app {
namespace {

struct Free {
  void operator()(void* object) const { cap_free(object); }
};
using State = std::unique_ptr<std::remove_pointer_t<cap_t>, Free>;

bool is_set(const State& state, int capability, cap_flag_t set) {
  cap_flag_value_t value = CAP_CLEAR;
  return cap_get_flag(state.get(), capability, set, &value) == 0 && value == CAP_SET;
}

std::string name_of(int capability) {
  const std::unique_ptr<char, Free> lower(cap_to_name(capability));
  std::string name = lower ? lower.get() : std::to_string(capability);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

}  // namespace

bool has_capability(int capability) {
  const State state(cap_get_proc());
  return state && is_set(state, capability, CAP_PERMITTED) &&
         is_set(state, capability, CAP_EFFECTIVE);
}

void empty_bounding_set() {
  for (int capability = 0; capability < cap_max_bits(); ++capability) {
    if (cap_drop_bound(capability) != 0) return;
  }
}

base::Result<std::vector<std::string>> keep_only(const std::vector<int>& wanted) {
  const State before(cap_get_proc());
  const State after(cap_init());
  if (!before || !after) return base::errno_error("cannot read the capabilities");
  std::vector<std::string> names;
  for (const int capability : wanted) {
    if (!is_set(before, capability, CAP_PERMITTED)) continue;
    cap_set_flag(after.get(), CAP_PERMITTED, 1, &capability, CAP_SET);
    cap_set_flag(after.get(), CAP_EFFECTIVE, 1, &capability, CAP_SET);
    names.push_back(name_of(capability));
  }
  // What is no longer inheritable is no longer ambient either.
  if (cap_set_proc(after.get()) != 0) return base::errno_error("cannot give up capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return base::errno_error("cannot set no_new_privs");
  }
  return names;
}

}  // namespace rtt::app
