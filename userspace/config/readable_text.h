// What every text that is read must be: not too long, UTF-8, without control characters.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/problem_list.h"

namespace rtt::config {

/// Why a text cannot be read, whatever its language.
class UnreadableText : public std::runtime_error {
 public:
  UnreadableText(Place where, const std::string& text) : std::runtime_error(text), place(where) {}
  const Place place;
};

/// Throws UnreadableText. Tab and the ends of lines are no control characters here.
void check_readable(std::string_view text, std::size_t max_bytes);

[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);
[[nodiscard]] Place place_of_byte(std::string_view text, std::size_t offset);

}  // namespace rtt::config
