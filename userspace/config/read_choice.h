// A key whose value is one of a few words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {

template <typename T>
using Choices = std::span<const std::pair<std::string_view, T>>;

template <typename T>
[[nodiscard]] T read_choice(MapReader& section, std::string_view key, Choices<T> choices,
                            T default_value) {
  const Node* value = Loader::take(section, key);
  if (value == nullptr) return default_value;
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) {
    if (value->kind == Node::Kind::kScalar && value->text == name) return choice;
    names.emplace_back(name);
  }
  section.problem_at(key, in_quotes(key) + description(*value) + suggestion(value->text, names) +
                              "; allowed: " + listed(names));
  return default_value;
}

}  // namespace rtt::config
