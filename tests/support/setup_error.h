// What the test bed throws when the machine refuses something: a test can only fail of it, and
// GoogleTest reports it as that with its text. It stays inside the tests.
#pragma once

#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace rtt::support {

class SetupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws "context: strerror(errno)".
[[noreturn]] void throw_errno(std::string_view context);

template <typename T>
T value_or_throw(base::Result<T> result) {
  if (!result) throw SetupError(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace rtt::support
