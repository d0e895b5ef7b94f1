#include "owners/pod_list.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "config/document.h"

namespace rtt::owners {
namespace {

using config::Node;

const Node* find(const Node& mapping, std::string_view key) {
  const auto found = std::find_if(mapping.entries.begin(), mapping.entries.end(),
                                  [&](const Node::Entry& entry) { return entry.key == key; });
  return found == mapping.entries.end() ? nullptr : found->value;
}

// Empty: it is not there, or no string.
std::string_view string_at(const Node& mapping, std::string_view key) {
  const Node* const value = find(mapping, key);
  const bool is_string = value != nullptr && value->kind == Node::Kind::kScalar && value->is_quoted;
  return is_string ? std::string_view(value->text) : std::string_view();
}

bool is_made_of(std::string_view text, std::size_t max_size, std::string_view further) {
  return !text.empty() && text.size() <= max_size &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  further.find(c) != std::string_view::npos;
         });
}

// The lengths are those of RFC 1123's names, as the API has them, and of a uid with some room.
bool is_uid(std::string_view text) { return is_made_of(text, 64, "-"); }
bool is_pod_name(std::string_view text) { return is_made_of(text, 253, "-."); }
bool is_namespace(std::string_view text) { return is_made_of(text, 63, "-"); }

struct Pod {
  std::string_view uid;
  std::vector<std::string_view> hashes;
  PodName name;
};

std::optional<Pod> pod_of(const Node& item) {
  const Node* const metadata = find(item, "metadata");
  if (metadata == nullptr) return std::nullopt;
  const std::string_view uid = string_at(*metadata, "uid");
  const std::string_view name = string_at(*metadata, "name");
  const std::string_view name_space = string_at(*metadata, "namespace");
  if (!is_uid(uid) || !is_pod_name(name) || !is_namespace(name_space)) return std::nullopt;
  Pod pod{uid, {}, {std::string(name), std::string(name_space)}};
  if (const Node* const annotations = find(*metadata, "annotations")) {
    for (const char* const key : {"kubernetes.io/config.hash", "kubernetes.io/config.mirror"}) {
      const std::string_view hash = string_at(*annotations, key);
      if (is_uid(hash)) pod.hashes.push_back(hash);
    }
  }
  return pod;
}

}  // namespace

base::Result<PodList> parse_pod_list(std::string_view json) {
  config::ProblemList problems;
  const auto document = config::Document::parse_json(json, problems, kMaxPodListBytes);
  if (!problems.empty()) return base::Error{problems.lines("pods").front()};
  if (!document || string_at(document->root(), "kind") != "PodList") {
    return base::Error{"not a PodList"};
  }
  const Node* const items = find(document->root(), "items");
  // Go's encoder writes an empty list as null.
  if (items == nullptr || (items->kind != Node::Kind::kList && items->kind != Node::Kind::kNull)) {
    return base::Error{"a PodList without a list of items"};
  }
  PodList list;
  std::vector<Pod> pods;
  for (const Node* const item : items->items) {
    auto pod = pod_of(*item);
    if (pod && list.by_uid.emplace(pod->uid, pod->name).second) {
      pods.push_back(*std::move(pod));
    } else {
      ++list.invalid;
    }
  }
  // Last, because whoever makes a pod may write any annotation: the uid of another pod stays that pod's.
  for (const Pod& pod : pods) {
    for (const std::string_view hash : pod.hashes) list.by_uid.emplace(hash, pod.name);
  }
  return list;
}

}  // namespace rtt::owners
