// What the host must offer before it makes sense to load a BPF program.
#pragma once

#include "base/result.h"

namespace rtt::passive {

/// Error: a sentence that says what is missing: the capabilities, or the kernel's BTF.
[[nodiscard]] base::Result<void> check_bpf_requirements();

/// "what: reason" for a failed bpf(2) call; EPERM in words, because the capabilities are there.
[[nodiscard]] base::Error bpf_error(std::string_view what, int error_number);

}  // namespace rtt::passive
