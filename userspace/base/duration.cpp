#include "base/duration.h"

#include <array>
#include <charconv>
#include <limits>

namespace rtt::base {
namespace {

struct Unit {
  std::string_view name;
  std::chrono::microseconds length;
};

using std::chrono::hours;

constexpr std::array<Unit, 8> kUnits = {{{"y", hours(24 * 365)},
                                         {"w", hours(24 * 7)},
                                         {"d", hours(24)},
                                         {"h", hours(1)},
                                         {"m", std::chrono::minutes(1)},
                                         {"s", std::chrono::seconds(1)},
                                         {"ms", std::chrono::milliseconds(1)},
                                         {"us", std::chrono::microseconds(1)}}};

Error not_a_duration(std::string_view text) {
  return {"'" + std::string(text) +
          "' is not a duration; allowed: a number with a unit, like 500ms, 5s, 1m or 1h30m"};
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return not_a_duration(text);
  std::chrono::microseconds total(0);
  std::size_t next_unit = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || rest.front() == '-') return not_a_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_not_of("smhdwyu"));
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return not_a_duration(text);
    const std::chrono::microseconds length = kUnits[next_unit++].length;
    // A century fits into 64-bit nanoseconds; a longer duration is a typing error.
    constexpr std::chrono::microseconds kLongest = hours(24 * 365 * 100);
    if (number > (kLongest - total) / length) return not_a_duration(text);
    total += number * length;
    rest.remove_prefix(name.size());
  }
  return std::chrono::nanoseconds(total);
}

std::string format_duration(std::chrono::nanoseconds value) {
  auto rest = std::chrono::duration_cast<std::chrono::microseconds>(value);
  if (rest.count() <= 0) return "0";
  std::string text;
  for (const Unit& unit : kUnits) {
    const auto number = rest / unit.length;
    if (number == 0) continue;
    text += std::to_string(number);
    text += unit.name;
    rest -= number * unit.length;
  }
  return text;
}

}  // namespace rtt::base
