#include "web/html.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace rtt::web {

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string format_rtt(std::chrono::nanoseconds value) {
  struct Unit {
    double nanoseconds;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}}};
  const auto exact = static_cast<double>(value.count());
  const double magnitude = std::fabs(exact);
  const Unit* unit = &kUnits.back();
  for (const Unit& larger : kUnits) {
    // What would round to 1000 of the next smaller unit is 1.00 of this one.
    if (magnitude < larger.nanoseconds * 0.9995) continue;
    unit = &larger;
    break;
  }
  const double in_unit = magnitude / unit->nanoseconds;
  const int decimals = in_unit < 9.995 ? 2 : in_unit < 99.95 ? 1 : 0;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%s%.*f %s", exact < 0 ? "−" : "", decimals, in_unit,
                unit->name);
  return text.data();
}

std::string format_count(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

}  // namespace rtt::web
