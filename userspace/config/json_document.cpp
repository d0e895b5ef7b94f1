// JSON -> nodes, over nlohmann-json's events.
#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/readable_text.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

// As many as the YAML side allows behind aliases.
constexpr std::size_t kMaxNodes = 1'000'000;
constexpr std::size_t kMaxDepth = 64;

// The library does not say where in the text an event is: this follows it, token by token.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  /// Goes to the next token; one of the others goes behind it.
  Place begin_token() {
    advance_to(std::min(text_.find_first_not_of(" \t\r\n,:", offset_), text_.size()));
    return place_;
  }
  void end_bracket() { advance_to(offset_ + 1); }
  void end_string() {
    std::size_t end = offset_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    advance_to(end + 1);
  }
  /// Also of true, false and null.
  std::string_view end_number() {
    const std::size_t begin = offset_;
    advance_to(text_.find_first_of(" \t\r\n,:]}", begin));
    return text_.substr(begin, offset_ - begin);
  }

 private:
  void advance_to(std::size_t end) {
    for (end = std::min(end, text_.size()); offset_ < end; ++offset_) {
      ++place_.column;
      if (text_[offset_] == '\n') place_ = {place_.line + 1, 1};
    }
  }

  std::string_view text_;
  std::size_t offset_ = 0;
  Place place_;
};

// What the library says, without its prefix and without the text that it was reading.
std::string explanation(std::string_view what) {
  const std::size_t begin = what.find("syntax error ");
  what.remove_prefix(begin == std::string_view::npos ? 0 : begin + std::size("syntax error ") - 1);
  return "not JSON: " + std::string(what.substr(0, what.find("; last read: ")));
}

// Its functions are the events of nlohmann's SAX interface.
class JsonBuilder {
 public:
  JsonBuilder(std::string_view text, std::deque<Node>& nodes, ProblemList& problems)
      : text_(text), cursor_(text), nodes_(nodes), problems_(problems) {}

  [[nodiscard]] const Node* root() const { return root_; }

  bool null() {
    add(Node::Kind::kNull);
    cursor_.end_number();
    return attach_last();
  }
  bool boolean(bool /*value*/) { return plain(); }
  bool number_integer(std::int64_t /*value*/) { return plain(); }
  bool number_unsigned(std::uint64_t /*value*/) { return plain(); }
  bool number_float(double /*value*/, const std::string& /*text*/) { return plain(); }
  bool string(const std::string& value) {
    Node& node = add(Node::Kind::kScalar);
    node.text = value;
    node.is_quoted = true;
    cursor_.end_string();
    return attach_last();
  }
  bool binary(const nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Node::Kind::kMapping); }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(Node::Kind::kList); }
  bool end_array() { return close(); }

  bool key(const std::string& text) {
    Open& object = stack_.back();
    object.key_place = cursor_.begin_token();
    object.key = text;
    cursor_.end_string();
    return true;
  }

  // Not the place of the token, but the byte at which it became wrong.
  bool parse_error(std::size_t bytes_read, const std::string& /*token*/,
                   const nlohmann::json::exception& error) {
    const std::size_t last = std::min(bytes_read, text_.size() + 1);
    throw UnreadableText(place_of_byte(text_, last - std::min<std::size_t>(last, 1)),
                         explanation(error.what()));
  }

 private:
  struct Open {
    Node* node;
    std::string key;
    Place key_place;
    std::unordered_map<std::string, int> lines_of_keys;
  };

  Node& add(Node::Kind kind) {
    const Place place = cursor_.begin_token();
    if (nodes_.size() == kMaxNodes) {
      throw UnreadableText(place, "more than " + std::to_string(kMaxNodes) + " values");
    }
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.place = place;
    return node;
  }
  bool plain() {
    Node& node = add(Node::Kind::kScalar);
    node.text = cursor_.end_number();
    return attach_last();
  }
  bool open(Node::Kind kind) {
    Node& node = add(kind);
    cursor_.end_bracket();
    attach(node);
    if (stack_.size() == kMaxDepth) throw UnreadableText(node.place, "nested too deeply");
    stack_.push_back({&node, {}, {}, {}});
    return true;
  }
  bool close() {
    cursor_.begin_token();
    cursor_.end_bracket();
    stack_.pop_back();
    return true;
  }

  bool attach_last() {
    attach(nodes_.back());
    return true;
  }
  void attach(const Node& node) {
    if (stack_.empty()) {
      root_ = &node;
    } else if (stack_.back().node->kind == Node::Kind::kList) {
      stack_.back().node->items.push_back(&node);
    } else {
      attach_value(stack_.back(), node);
    }
  }
  void attach_value(Open& object, const Node& node) {
    const auto [first, is_new] = object.lines_of_keys.emplace(object.key, object.key_place.line);
    if (is_new) {
      object.node->entries.push_back({object.key, object.key_place, &node});
    } else {
      problems_.add(object.key_place, "key " + in_quotes(object.key) +
                                          " again; it is already on line " +
                                          std::to_string(first->second));
    }
  }

  std::string_view text_;
  Cursor cursor_;
  std::deque<Node>& nodes_;
  ProblemList& problems_;
  const Node* root_ = nullptr;
  std::vector<Open> stack_;
};

}  // namespace

std::optional<Document> Document::parse_json(std::string_view text, ProblemList& problems,
                                             std::size_t max_bytes) {
  text = without_byte_order_mark(text);
  Document document;
  try {
    check_readable(text, max_bytes);
    JsonBuilder builder(text, document.nodes_, problems);
    nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
    document.root_ = builder.root();
  } catch (const UnreadableText& error) {
    problems.add(error.place, error.what());
    return std::nullopt;
  } catch (const std::exception& error) {
    problems.add({}, explanation(error.what()));
    return std::nullopt;
  }
  if (document.root_ == nullptr) return std::nullopt;
  return document;
}

}  // namespace rtt::config
