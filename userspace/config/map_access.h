// What the loader does with a MapReader beyond what methods do with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/map_reader.h"
#include "config/problem_list.h"

namespace rtt::config {

struct MapReader::Node {
  const config::Node* mapping;
  ProblemList* problems;
  std::vector<std::string> known;  // the keys asked for so far
};

class Loader {
 public:
  /// Precondition: `mapping` is one. Both must outlive the reader.
  [[nodiscard]] static MapReader open(const Node& mapping, ProblemList& problems);
  /// Notes every key that nobody asked for.
  static void finish(MapReader& reader);

  /// Asks for the key; null when it is missing.
  [[nodiscard]] static const Node* take(MapReader& reader, std::string_view key);
  /// The same, null also, and noted, when it is something else.
  [[nodiscard]] static const Node* take_mapping(MapReader& reader, std::string_view key);
  /// The items; none when the key is missing, and none, and noted, when it is something else.
  /// `of_what` as in "a list of host names".
  [[nodiscard]] static std::vector<const Node*> take_list(MapReader& reader, std::string_view key,
                                                          std::string_view of_what);

  /// Whether there is more than nothing or an empty list behind the key.
  [[nodiscard]] static bool is_given(MapReader& reader, std::string_view key);

  [[nodiscard]] static ProblemList& problems(MapReader& reader) { return *reader.node_->problems; }
  /// Of the value, or of the key when there is nothing to point at, or of the mapping without it.
  [[nodiscard]] static Place place(const MapReader& reader, std::string_view key);
  [[nodiscard]] static Place place(const MapReader& reader) { return reader.node_->mapping->place; }
};

/// An item of a list as text; nothing, and noted, when it is something else. `what` as in "host".
[[nodiscard]] std::optional<std::string> read_item(const Node& item, std::string_view what,
                                                   std::string_view allowed, ProblemList& problems);

/// Reads the mapping behind `key`, if there is one, with `read(MapReader&)`.
template <typename Read>
void read_section(MapReader& parent, std::string_view key, const Read& read) {
  const Node* mapping = Loader::take_mapping(parent, key);
  if (mapping == nullptr) return;
  MapReader section = Loader::open(*mapping, Loader::problems(parent));
  read(section);
  Loader::finish(section);
}

}  // namespace rtt::config
