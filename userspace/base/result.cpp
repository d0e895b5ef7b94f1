#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace rtt::base {

Error errno_error(std::string_view context, int error_number) {
  std::string text(context);
  text += ": ";
  text += std::generic_category().message(error_number);
  return {std::move(text)};
}

Error errno_error(std::string_view context) { return errno_error(context, errno); }

}  // namespace rtt::base
