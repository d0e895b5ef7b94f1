#include "config/read_labels.h"

#include <algorithm>
#include <array>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::size_t kMaxValue = 256;

// The labels that the metrics of a peer have of their own (design, "Metrics").
constexpr std::array<std::string_view, 9> kReserved = {
    "target", "peer", "method", "le", "phase", "reason", "window", "source", "quantile"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_label_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_reserved(std::string_view name) {
  return name.starts_with("__") ||
         std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

bool check_name(const Node::Entry& label, ProblemList& problems) {
  if (!is_label_name(label.key) || label.key.size() > kMaxValue) {
    problems.add(label.key_place, in_quotes(label.key) +
                                      " is not a label name; allowed: letters, digits and '_', "
                                      "not beginning with a digit");
    return false;
  }
  if (is_reserved(label.key)) {
    problems.add(label.key_place, "label name " + in_quotes(label.key) +
                                      " is reserved; allowed: any but target, peer, method, le, "
                                      "phase, reason, window, source, quantile and '__...'");
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> read_label_value(const Node& node, Place place, std::string_view what,
                                            ProblemList& problems) {
  auto text = to_text(node);
  if (text && !text->empty() && text->size() <= kMaxValue) return text;
  problems.add(place, std::string(what) + description(node) +
                          "; allowed: a string on one line, of 1 to " + std::to_string(kMaxValue) +
                          " bytes");
  return std::nullopt;
}

std::optional<std::pair<std::string, std::string>> read_label(const Node::Entry& entry,
                                                              ProblemList& problems) {
  if (!check_name(entry, problems)) return std::nullopt;
  const bool is_null = entry.value->kind == Node::Kind::kNull;
  auto value = read_label_value(*entry.value, is_null ? entry.key_place : entry.value->place,
                                "label " + in_quotes(entry.key), problems);
  if (!value) return std::nullopt;
  return std::pair(entry.key, *std::move(value));
}

std::vector<std::pair<std::string, std::string>> read_labels(MapReader& target) {
  std::vector<std::pair<std::string, std::string>> labels;
  const Node* section = Loader::take_mapping(target, "labels");
  if (section == nullptr) return labels;
  for (const Node::Entry& entry : section->entries) {
    if (auto label = read_label(entry, Loader::problems(target))) {
      labels.push_back(*std::move(label));
    }
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

}  // namespace rtt::config
