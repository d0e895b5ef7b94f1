// Who goes first on this machine while a test measures.
#pragma once

namespace rtt::support {

/// Of real-time threads: a higher one takes the CPU from a lower one, and all from everything else.
enum class Priority { kEndpoint = 5, kLink = 10 };

/// For the calling thread and those that it starts. Where it is not allowed, as near as the system lets it.
void raise_priority(Priority priority);

}  // namespace rtt::support
