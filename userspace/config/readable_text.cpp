#include "config/readable_text.h"

#include "config/scalar.h"
#include "config/utf8.h"

namespace rtt::config {

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

Place place_of_byte(std::string_view text, std::size_t offset) {
  Place place;
  for (const char c : text.substr(0, offset)) {
    ++place.column;
    if (c == '\n') place = {place.line + 1, 1};
  }
  return place;
}

// What yaml-cpp would take for another encoding or for the end of the file.
void check_readable(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    throw UnreadableText({}, "larger than " + std::to_string(max_bytes >> 20U) +
                                 " MiB; allowed: up to " + std::to_string(max_bytes) + " bytes");
  }
  if (const std::size_t valid = valid_utf8_prefix(text); valid != text.size()) {
    throw UnreadableText(place_of_byte(text, valid), "not UTF-8; allowed: text in UTF-8");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_control(text[i]) && text[i] != '\t' && text[i] != '\n' && text[i] != '\r') {
      throw UnreadableText(place_of_byte(text, i), "a control character; allowed: printable text");
    }
  }
}

}  // namespace rtt::config
