// What the calling thread may do beyond what its user may: capabilities(7), over libcap.
//
// Capabilities belong to a thread, and new threads inherit them: so they are given up before there
// are others.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rtt::app {

/// `capability`: a CAP_ constant of linux/capability.h. Whether it is permitted and effective.
[[nodiscard]] bool has_capability(int capability);

/// No program that is executed later gets any of them. Does nothing where that may not be decided
/// (it takes CAP_SETPCAP).
void empty_bounding_set();

/// Gives up every capability but those of `wanted` that are permitted now; these become effective.
/// Neither the thread nor a program that it executes can gain another one any more
/// (PR_SET_NO_NEW_PRIVS). Returns the names of what is left, as in capabilities(7).
[[nodiscard]] base::Result<std::vector<std::string>> keep_only(const std::vector<int>& wanted);

}  // namespace rtt::app
