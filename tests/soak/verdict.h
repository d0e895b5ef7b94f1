// The table at the end of a soak, and whether it passed.
#pragma once

#include <chrono>

#include "soak/findings.h"
#include "soak/observer.h"

namespace rtt::soak {

/// Prints it. False: something grew that must be flat, something was found, or some load never came about.
[[nodiscard]] bool judge(std::chrono::seconds lasted, const Observer& observer,
                         const Findings& findings);

}  // namespace rtt::soak
