#include "config/map_access.h"

#include <algorithm>
#include <utility>

#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

const Node::Entry* find(const Node& mapping, std::string_view key) {
  const auto found = std::find_if(mapping.entries.begin(), mapping.entries.end(),
                                  [&](const Node::Entry& entry) { return entry.key == key; });
  return found == mapping.entries.end() ? nullptr : &*found;
}

}  // namespace

MapReader Loader::open(const Node& mapping, ProblemList& problems) {
  return MapReader(std::make_unique<MapReader::Node>(MapReader::Node{&mapping, &problems, {}}));
}

void Loader::finish(MapReader& reader) {
  std::vector<std::string>& known = reader.node_->known;
  for (const Node::Entry& entry : reader.node_->mapping->entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    problems(reader).add(entry.key_place, "unknown key " + in_quotes(entry.key) +
                                              suggestion(entry.key, known) +
                                              "; allowed: " + listed(known));
  }
}

const Node* Loader::take(MapReader& reader, std::string_view key) {
  std::vector<std::string>& known = reader.node_->known;
  if (std::find(known.begin(), known.end(), key) == known.end()) known.emplace_back(key);
  const Node::Entry* entry = find(*reader.node_->mapping, key);
  return entry == nullptr ? nullptr : entry->value;
}

const Node* Loader::take_mapping(MapReader& reader, std::string_view key) {
  const Node* node = take(reader, key);
  if (node == nullptr || node->kind == Node::Kind::kMapping) return node;
  problems(reader).add(place(reader, key),
                       in_quotes(key) + description(*node) + "; allowed: a mapping (key: value)");
  return nullptr;
}

std::vector<const Node*> Loader::take_list(MapReader& reader, std::string_view key,
                                           std::string_view of_what) {
  const Node* node = take(reader, key);
  if (node == nullptr) return {};
  if (node->kind == Node::Kind::kList) return node->items;
  problems(reader).add(place(reader, key), in_quotes(key) + description(*node) +
                                               "; allowed: a list of " + std::string(of_what));
  return {};
}

bool Loader::is_given(MapReader& reader, std::string_view key) {
  const Node* node = take(reader, key);
  return node != nullptr && (node->kind != Node::Kind::kList || !node->items.empty());
}

Place Loader::place(const MapReader& reader, std::string_view key) {
  const Node::Entry* entry = find(*reader.node_->mapping, key);
  if (entry == nullptr) return place(reader);
  // yaml-cpp places a missing value where the next thing in the file begins.
  return entry->value->kind == Node::Kind::kNull ? entry->key_place : entry->value->place;
}

std::optional<std::string> read_item(const Node& item, std::string_view what,
                                     std::string_view allowed, ProblemList& problems) {
  auto text = to_text(item);
  if (!text) {
    problems.add(item.place,
                 std::string(what) + description(item) + "; allowed: " + std::string(allowed));
  }
  return text;
}

}  // namespace rtt::config
