#include "config/document.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>

#include "config/document_builder.h"
#include "config/scalar.h"
#include "config/utf8.h"

namespace rtt::config {
namespace {

Place place_of_byte(std::string_view text, std::size_t offset) {
  Place place;
  for (const char c : text.substr(0, offset)) {
    ++place.column;
    if (c == '\n') place = {place.line + 1, 1};
  }
  return place;
}

// What yaml-cpp would take for another encoding or for the end of the file.
void check_characters(std::string_view text) {
  if (text.size() > Document::kMaxBytes) {
    throw UnreadableText({}, "larger than 1 MiB; allowed: up to 1048576 bytes");
  }
  if (const std::size_t valid = valid_utf8_prefix(text); valid != text.size()) {
    throw UnreadableText(place_of_byte(text, valid), "not UTF-8; allowed: text in UTF-8");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_control(text[i]) && text[i] != '\t' && text[i] != '\n' && text[i] != '\r') {
      throw UnreadableText(place_of_byte(text, i), "a control character; allowed: printable text");
    }
  }
}

std::string explanation(const YAML::Exception& error) {
  // yaml-cpp says "bad file" when its recursion guard strikes.
  if (error.msg == YAML::ErrorMsg::BAD_FILE) return "nested too deeply";
  return "not YAML: " + error.msg + "; check the indentation, quotes and brackets here and before";
}

}  // namespace

std::optional<Document> Document::parse(std::string_view text, ProblemList& problems) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Document document;
  try {
    check_characters(text);
    DocumentBuilder builder(text, document.nodes_, problems);
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    document.root_ = builder.root();
  } catch (const UnreadableText& error) {
    problems.add(error.place, error.what());
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    problems.add(to_place(error.mark), explanation(error));
    return std::nullopt;
  } catch (const std::exception& error) {
    problems.add({}, std::string("not YAML: ") + error.what());
    return std::nullopt;
  }
  if (document.root_ == nullptr || document.root_->kind == Node::Kind::kNull) {
    Node& empty = document.nodes_.emplace_back();
    empty.kind = Node::Kind::kMapping;
    document.root_ = &empty;
  }
  return document;
}

}  // namespace rtt::config
