// To be without privileges in one thread, while the rest of the test stays root.
#pragma once

namespace rtt::support {

/// Of the calling thread only, capabilities included, and for good. Throws SetupError.
void become_nobody();

}  // namespace rtt::support
