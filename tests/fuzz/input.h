// The bytes of a fuzzer, taken from the front as values. Past their end everything is 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace rtt::fuzz {

/// What must hold whatever the input is.
inline void require(bool condition) {
  if (!condition) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(u8() << 8 | u8()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(u16()) << 16U | u16(); }
  std::span<const std::uint8_t> bytes(std::size_t most) {
    const auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  /// Up to the next one of these bytes, or all.
  std::string_view until(char separator) {
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), rest_.size());
    const std::size_t end = std::min(text.find(separator), text.size());
    rest_ = rest_.subspan(std::min(end + 1, rest_.size()));
    return text.substr(0, end);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace rtt::fuzz
