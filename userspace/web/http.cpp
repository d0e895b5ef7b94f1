#include "web/http.h"

#include <algorithm>

namespace rtt::web {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string Request::header(std::string_view name) const {
  std::string joined;
  bool first = true;
  for (const auto& [known, value] : headers) {
    if (!is_same_name(known, name)) continue;
    if (!first) joined += ", ";
    joined += value;
    first = false;
  }
  return joined;
}

}  // namespace rtt::web
