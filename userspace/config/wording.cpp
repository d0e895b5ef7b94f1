#include "config/wording.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "config/scalar.h"

namespace rtt::config {
namespace {

constexpr std::size_t kMaxQuoted = 80;
constexpr std::size_t kMaxListed = 20;
constexpr std::size_t kMaxCompared = 200;

bool is_continuation_byte(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_previous(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_previous[j - 2] + 1);
      }
    }
    std::swap(before_previous, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string_view shown = text.substr(0, kMaxQuoted);
  while (shown.size() < text.size() && !shown.empty() && is_continuation_byte(text[shown.size()])) {
    shown.remove_suffix(1);
  }
  std::string result = "'";
  for (const char c : shown) {
    if (!is_control(c)) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 0xfU]};
    }
  }
  return result + (shown.size() < text.size() ? "...'" : "'");
}

std::string listed(std::span<const std::string> names) {
  std::string result;
  for (const std::string& name : names.first(std::min(names.size(), kMaxListed))) {
    result += (result.empty() ? "" : ", ") + name;
  }
  if (names.size() > kMaxListed) result += ", ...";
  return result;
}

std::string suggestion(std::string_view text, std::span<const std::string> names) {
  // Two slips in a long word, one in a short one; farther away it would be a guess.
  const std::size_t allowed = text.size() > 4 ? 2 : 1;
  const std::string* best = nullptr;
  std::size_t best_distance = allowed + 1;
  for (const std::string& name : names.first(std::min(names.size(), kMaxCompared))) {
    const std::size_t longer = std::max(name.size(), text.size());
    const std::size_t shorter = std::min(name.size(), text.size());
    if (longer > kMaxQuoted || longer - shorter > allowed) continue;
    const std::size_t distance = edit_distance(text, name);
    if (distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : " (did you mean " + in_quotes(*best) + "?)";
}

}  // namespace rtt::config
