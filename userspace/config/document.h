// A YAML or JSON text as a tree of nodes that know their place.
//
// YAML 1.2 with anchors, aliases and the merge key "<<", but without tags, without a second
// document, and without two equal keys in one mapping.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem_list.h"

namespace rtt::config {

/// Lives in its Document; aliases make it be a child of several nodes, never of itself.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMapping };
  struct Entry {
    std::string key;
    Place key_place;
    const Node* value;  // never null
  };

  Kind kind = Kind::kNull;
  Place place;
  std::string text;                // kScalar
  bool is_quoted = false;          // kScalar: in quotes or a block, so never a number
  std::vector<const Node*> items;  // kList
  std::vector<Entry> entries;      // kMapping: in the order of the file, then what was merged in
  std::size_t size = 1;            // nodes in it, itself and those behind aliases included
};

class Document {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
  static constexpr std::size_t kMaxJsonBytes = std::size_t{4} << 20U;  // takes less to read

  /// Nothing when the text cannot be read as YAML at all; `problems` has the reason. Problems that
  /// leave the rest readable (an equal key) are noted, and the document is returned. An empty
  /// text is an empty mapping. Whatever the text, time and memory are bounded.
  [[nodiscard]] static std::optional<Document> parse(std::string_view text, ProblemList& problems);
  /// The same of JSON (RFC 8259), which yaml-cpp reads only in part. Numbers and booleans are as
  /// written; an empty text is no JSON.
  [[nodiscard]] static std::optional<Document> parse_json(std::string_view text,
                                                          ProblemList& problems,
                                                          std::size_t max_bytes = kMaxJsonBytes);

  [[nodiscard]] const Node& root() const { return *root_; }

 private:
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

}  // namespace rtt::config
