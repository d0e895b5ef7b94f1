#include "config/document.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>

#include "config/document_builder.h"
#include "config/readable_text.h"

namespace rtt::config {
namespace {

std::string explanation(const YAML::Exception& error) {
  // yaml-cpp says "bad file" when its recursion guard strikes.
  if (error.msg == YAML::ErrorMsg::BAD_FILE) return "nested too deeply";
  return "not YAML: " + error.msg + "; check the indentation, quotes and brackets here and before";
}

}  // namespace

std::optional<Document> Document::parse(std::string_view text, ProblemList& problems) {
  text = without_byte_order_mark(text);
  Document document;
  try {
    check_readable(text, kMaxBytes);
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
