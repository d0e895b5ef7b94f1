// What the test bed throws when the machine refuses something: a test can only fail of it, and
// GoogleTest reports it as that with its text. It stays inside the tests.
#pragma once

#include <stdexcept>
#include <string_view>

namespace rtt::support {

class SetupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws "context: strerror(errno)".
[[noreturn]] void throw_errno(std::string_view context);

}  // namespace rtt::support
