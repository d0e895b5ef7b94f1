#include "support/setup_error.h"

#include "base/result.h"

namespace rtt::support {

void throw_errno(std::string_view context) { throw SetupError(base::errno_error(context).message); }

}  // namespace rtt::support
