#include "config/document_builder.h"

#include <algorithm>
#include <utility>

#include "config/wording.h"

namespace rtt::config {
namespace {

// A file of the largest allowed size has fewer without aliases; with them a few lines could stand
// for more than any memory holds.
constexpr std::size_t kMaxNodes = 1'000'000;

constexpr std::string_view kMergeKey = "<<";

// yaml-cpp's tags for what has none in the text.
bool is_implicit(const std::string& tag) { return tag.empty() || tag == "?" || tag == "!"; }

// The end of a flow scalar that begins with a quote at `begin`; npos when nothing closes it.
std::size_t closing_quote(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool is_escaped = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!is_escaped) return i;
      ++i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Place to_place(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

void DocumentBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (std::exchange(seen_document_, true)) {
    throw UnreadableText(to_place(mark), "a second document begins here; allowed: one per file");
  }
}

void DocumentBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Node& node = add_node(Node::Kind::kNull, mark, anchor);
  attach(node, node.place);
}

void DocumentBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Node* node = anchors_.at(anchor);
  const bool is_open = std::any_of(stack_.begin(), stack_.end(),
                                   [&](const Open& open) { return open.node == node; });
  if (is_open) throw UnreadableText(to_place(mark), "an alias to something that contains it");
  attach(*node, to_place(mark));
}

void DocumentBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag,
                               YAML::anchor_t anchor, const std::string& value) {
  Node& node = add_node(Node::Kind::kScalar, mark, anchor);
  note_tag(node.place, tag);
  node.text = value;
  node.is_quoted = tag == "!";
  if (node.is_quoted) check_closing_quote(mark);
  attach(node, node.place);
}

void DocumentBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                      YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  open(add_node(Node::Kind::kList, mark, anchor), tag);
}

void DocumentBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag,
                                 YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  open(add_node(Node::Kind::kMapping, mark, anchor), tag);
}

void DocumentBuilder::OnMapEnd() {
  for (const Node* source : stack_.back().merged) merge(stack_.back(), *source);
  close();
}

Node& DocumentBuilder::add_node(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  node.place = to_place(mark);
  if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
  return node;
}

void DocumentBuilder::open(Node& node, const std::string& tag) {
  note_tag(node.place, tag);
  stack_.push_back({.node = &node, .key_place = {}, .lines_of_keys = {}, .merged = {}});
}

void DocumentBuilder::close() {
  Node& node = *stack_.back().node;
  node.size = stack_.back().size;
  stack_.pop_back();
  attach(node, node.place);
}

void DocumentBuilder::attach(const Node& node, Place place) {
  if (stack_.empty()) {
    root_ = &node;
    return;
  }
  Open& parent = stack_.back();
  parent.size += node.size;
  if (parent.size > kMaxNodes) {
    throw UnreadableText(place, "the aliases up to here stand for more than " +
                                    std::to_string(kMaxNodes) + " values");
  }
  if (parent.node->kind == Node::Kind::kList) {
    parent.node->items.push_back(&node);
  } else if (parent.key == nullptr) {
    attach_key(parent, node, place);
  } else {
    attach_value(parent, node);
  }
}

void DocumentBuilder::attach_key(Open& mapping, const Node& key, Place place) {
  mapping.key = &key;
  mapping.key_place = place;
  if (key.kind == Node::Kind::kScalar) return;
  problems_.add(place, "a key that is not a word; allowed: key: value");
}

void DocumentBuilder::attach_value(Open& mapping, const Node& value) {
  const Node& key = *std::exchange(mapping.key, nullptr);
  if (key.kind != Node::Kind::kScalar) return;
  if (key.text == kMergeKey && !key.is_quoted) {
    mapping.merged.push_back(&value);
    return;
  }
  const auto [first, is_new] = mapping.lines_of_keys.emplace(key.text, mapping.key_place.line);
  if (!is_new) {
    problems_.add(mapping.key_place, "key " + in_quotes(key.text) +
                                         " again; it is already on line " +
                                         std::to_string(first->second));
    return;
  }
  mapping.node->entries.push_back({key.text, mapping.key_place, &value});
}

void DocumentBuilder::merge(Open& mapping, const Node& source) {
  if (source.kind == Node::Kind::kMapping) {
    for (const Node::Entry& entry : source.entries) {
      if (mapping.lines_of_keys.emplace(entry.key, entry.key_place.line).second) {
        mapping.node->entries.push_back(entry);
      }
    }
    return;
  }
  const auto is_mapping = [](const Node* item) { return item->kind == Node::Kind::kMapping; };
  if (source.kind != Node::Kind::kList ||
      !std::all_of(source.items.begin(), source.items.end(), is_mapping)) {
    problems_.add(source.place, "'<<' merges mappings only; allowed: an alias or a list of them");
    return;
  }
  for (const Node* item : source.items) merge(mapping, *item);
}

void DocumentBuilder::note_tag(Place place, const std::string& tag) {
  if (is_implicit(tag)) return;
  problems_.add(place, "tag " + in_quotes(tag) + "; allowed: values without tags");
}

// yaml-cpp 0.7 takes the end of the file for the closing quote, so that a forgotten quote would
// swallow the rest of the configuration.
void DocumentBuilder::check_closing_quote(const YAML::Mark& mark) const {
  auto begin = static_cast<std::size_t>(std::max(mark.pos, 0));
  while (begin < text_.size() && (text_[begin] == '&' || text_[begin] == '!')) {
    begin = text_.find_first_of(" \t\r\n", begin);
    begin = text_.find_first_not_of(" \t\r\n", begin);
  }
  if (begin >= text_.size() || (text_[begin] != '"' && text_[begin] != '\'')) return;
  if (closing_quote(text_, begin) == std::string_view::npos) {
    throw UnreadableText(to_place(mark), "a quote that is never closed");
  }
}

}  // namespace rtt::config
