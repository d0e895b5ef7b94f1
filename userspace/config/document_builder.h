// yaml-cpp's events -> nodes. Of this folder's files only this one and document.cpp know yaml-cpp.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/document.h"
#include "config/readable_text.h"

namespace rtt::config {

[[nodiscard]] Place to_place(const YAML::Mark& mark);

class DocumentBuilder : public YAML::EventHandler {
 public:
  /// `text` is what the parser reads. Nodes are put into `nodes`.
  DocumentBuilder(std::string_view text, std::deque<Node>& nodes, ProblemList& problems)
      : text_(text), nodes_(nodes), problems_(problems) {}

  /// Null when there was no document.
  [[nodiscard]] const Node* root() const { return root_; }

  // All throw UnreadableText.
  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  struct Open {
    Node* node;
    std::size_t size = 1;
    const Node* key = nullptr;  // kMapping: the key whose value comes next
    Place key_place;
    std::unordered_map<std::string, int> lines_of_keys;
    std::vector<const Node*> merged;  // values of "<<"
  };

  Node& add_node(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void open(Node& node, const std::string& tag);
  void close();
  void attach(const Node& node, Place place);
  void attach_key(Open& mapping, const Node& key, Place place);
  void attach_value(Open& mapping, const Node& value);
  void merge(Open& mapping, const Node& source);
  void note_tag(Place place, const std::string& tag);
  void check_closing_quote(const YAML::Mark& mark) const;

  std::string_view text_;
  std::deque<Node>& nodes_;
  ProblemList& problems_;
  const Node* root_ = nullptr;
  bool seen_document_ = false;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
};

}  // namespace rtt::config
