#include "config/utf8.h"

#include <array>
#include <cstdint>

namespace rtt::config {
namespace {

// A row of RFC 3629, section 4: which first bytes, how many bytes, and what the second may be.
struct Form {
  std::uint8_t first_min, first_max;
  std::size_t length;
  std::uint8_t second_min, second_max;
};

constexpr std::array<Form, 9> kForms = {{{0x00, 0x7f, 1, 0, 0},
                                         {0xc2, 0xdf, 2, 0x80, 0xbf},
                                         {0xe0, 0xe0, 3, 0xa0, 0xbf},
                                         {0xe1, 0xec, 3, 0x80, 0xbf},
                                         {0xed, 0xed, 3, 0x80, 0x9f},
                                         {0xee, 0xef, 3, 0x80, 0xbf},
                                         {0xf0, 0xf0, 4, 0x90, 0xbf},
                                         {0xf1, 0xf3, 4, 0x80, 0xbf},
                                         {0xf4, 0xf4, 4, 0x80, 0x8f}}};

// 0: not a character.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (const Form& form : kForms) {
    if (byte(0) < form.first_min || byte(0) > form.first_max) continue;
    if (text.size() < form.length) return 0;
    if (form.length > 1 && (byte(1) < form.second_min || byte(1) > form.second_max)) return 0;
    for (std::size_t i = 2; i < form.length; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    }
    return form.length;
  }
  return 0;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t valid = 0;
  while (valid < text.size()) {
    const std::size_t length = character_length(text.substr(valid));
    if (length == 0) break;
    valid += length;
  }
  return valid;
}

}  // namespace rtt::config
