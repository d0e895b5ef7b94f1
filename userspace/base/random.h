// Numbers that a stranger cannot guess, from the kernel's generator (getrandom(2)).
#pragma once

#include <cstdint>

namespace rtt::base {

/// Cheap enough for one call per probe: draws from a buffer that is refilled in blocks. Thread-safe
/// (the buffer is per thread).
[[nodiscard]] std::uint64_t random_u64();

}  // namespace rtt::base
