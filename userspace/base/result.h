// A value or the reason why there is none.
//
// Everything that the environment can cause (a file, a socket, a kernel that lacks a feature) is
// returned as a Result; what only a bug can cause is an assert. Error texts are whole phrases with
// their context, written for the person who reads the log.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rtt::base {

struct Error {
  std::string message;
};

/// "context: strerror(error_number)".
[[nodiscard]] Error errno_error(std::string_view context, int error_number);
/// The same for the current errno.
[[nodiscard]] Error errno_error(std::string_view context);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Precondition of value(), * and ->: ok().
  [[nodiscard]] T& value() & { return *std::get_if<0>(&checked()); }
  [[nodiscard]] const T& value() const& { return *std::get_if<0>(&checked()); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&checked())); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Precondition: !ok().
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  [[nodiscard]] std::variant<T, Error>& checked() {
    assert(ok());
    return state_;
  }
  [[nodiscard]] const std::variant<T, Error>& checked() const {
    assert(ok());
    return state_;
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  [[nodiscard]] bool ok() const { return ok_; }
  explicit operator bool() const { return ok(); }
  /// Precondition: !ok().
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace rtt::base
