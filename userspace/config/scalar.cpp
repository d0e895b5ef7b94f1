#include "config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/wording.h"

namespace rtt::config {
namespace {

template <typename T>
std::optional<T> parse_whole(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return value;
}

bool is_plain(const Node& node) { return node.kind == Node::Kind::kScalar && !node.is_quoted; }

}  // namespace

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::optional<std::int64_t> to_integer(const Node& node) {
  if (!is_plain(node)) return std::nullopt;
  const std::size_t first_digit = node.text.starts_with('-') ? 1 : 0;
  if (node.text.size() > first_digit + 1 && node.text[first_digit] == '0') return std::nullopt;
  return parse_whole<std::int64_t>(node.text);
}

std::optional<double> to_number(const Node& node) {
  if (!is_plain(node)) return std::nullopt;
  const auto value = parse_whole<double>(node.text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<bool> to_boolean(const Node& node) {
  if (!is_plain(node)) return std::nullopt;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  return std::nullopt;
}

std::optional<std::string> to_text(const Node& node) {
  if (node.kind != Node::Kind::kScalar) return std::nullopt;
  if (std::any_of(node.text.begin(), node.text.end(), is_control)) return std::nullopt;
  return node.text;
}

std::string description(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return " has no value";
    case Node::Kind::kList:
      return " is a list";
    case Node::Kind::kMapping:
      return " is a mapping";
    case Node::Kind::kScalar:
      break;
  }
  return " is " + in_quotes(node.text) + (node.is_quoted ? " (a string)" : "");
}

}  // namespace rtt::config
