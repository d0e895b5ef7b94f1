#include "config/file_sd.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

#include "config/document.h"
#include "config/host_name.h"
#include "config/map_access.h"
#include "config/read_labels.h"
#include "config/readable_text.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

using base::Error;
using base::Result;

// With aliases a few lines can stand for any number of groups, or of labels.
constexpr std::size_t kMaxMemory = std::size_t{32} << 20U;
constexpr std::size_t kMaxLabels = 64;
// More are of no use, and each takes memory.
constexpr std::size_t kMaxProblems = 1000;

constexpr const char* kAllowed = "; allowed: a host, host:port or [IPv6]:port";

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

Result<std::string_view> without_brackets(std::string_view target) {
  const std::size_t closing = target.find(']');
  const Error wrong{"target " + in_quotes(target) + " has brackets that do not enclose an address" +
                    kAllowed};
  if (closing == std::string_view::npos) return wrong;
  const std::string_view host = target.substr(1, closing - 1);
  const std::string_view rest = target.substr(closing + 1);
  const auto address = base::IpAddress::parse(host);
  if (!address || host.find(':') == std::string_view::npos) return wrong;
  if (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) return host;
  return Error{"target " + in_quotes(target) + " has no port behind its brackets" + kAllowed};
}

// Of host:port the host. What is neither is left to canonical_host().
Result<std::string_view> host_of(std::string_view target) {
  if (target.starts_with('[')) return without_brackets(target);
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos || target.find(':', colon + 1) != std::string_view::npos ||
      target.find("://") != std::string_view::npos) {
    return target;
  }
  if (is_port(target.substr(colon + 1))) return target.substr(0, colon);
  return Error{"target " + in_quotes(target) + " has a port that is none" + kAllowed};
}

class Reader {
 public:
  explicit Reader(ProblemList& problems) : problems_(problems) {}

  std::vector<FileGroup> read(const Node& top) {
    std::vector<FileGroup> groups;
    if (top.kind != Node::Kind::kList) {
      const bool is_empty = top.kind == Node::Kind::kMapping && top.entries.empty();
      problems_.add(top.place, "the file" + (is_empty ? " is empty" : description(top)) +
                                   "; allowed: a list like [{targets: [10.0.0.5]}], and [] for no "
                                   "targets");
      return groups;
    }
    for (const Node* item : top.items) {
      FileGroup group = read_group(*item);
      if (is_enough()) break;
      if (group.hosts.empty()) continue;
      memory_ += group.memory();
      groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  // A problem was noted that is about the whole file, or there are too many.
  [[nodiscard]] bool is_enough() { return is_too_large_ || problems_.size() >= kMaxProblems; }

  FileGroup read_group(const Node& item) {
    FileGroup group;
    if (item.kind != Node::Kind::kMapping) {
      problems_.add(item.place, "a group" + description(item) +
                                    "; allowed: a mapping like {targets: [10.0.0.5], labels: {}}");
      return group;
    }
    MapReader reader = Loader::open(item, problems_);
    read_targets(reader, group);
    read_labels(reader, group);
    Loader::finish(reader);
    if (memory_ + group.memory() > kMaxMemory)
      too_large(item.place, "32 MiB of targets and labels");
    return group;
  }

  // Go programs write null for an empty list or map.
  static bool is_null(MapReader& group, std::string_view key) {
    const Node* node = Loader::take(group, key);
    return node != nullptr && node->kind == Node::Kind::kNull;
  }

  void read_targets(MapReader& reader, FileGroup& group) {
    if (is_null(reader, "targets")) return;
    for (const Node* item : Loader::take_list(reader, "targets", "hosts with or without port")) {
      if (++targets_ > kMaxFileSdTargets) {
        too_large(item->place, std::to_string(kMaxFileSdTargets) + " targets");
      }
      if (is_enough()) return;
      add_target(*item, group);
    }
  }

  void add_target(const Node& item, FileGroup& group) {
    const auto text = to_text(item);
    if (!text) {
      problems_.add(item.place, "target" + description(item) + kAllowed);
      return;
    }
    const auto host = host_of(*text);
    const auto canonical = host ? canonical_host(*host) : Result<std::string>(host.error());
    if (!canonical) {
      problems_.add(item.place, canonical.error().message);
    } else if (known_.insert(*canonical).second) {
      group.hosts.emplace_back(*host);
    }
  }

  void read_labels(MapReader& reader, FileGroup& group) {
    if (is_null(reader, "labels")) return;
    const Node* section = Loader::take_mapping(reader, "labels");
    if (section == nullptr) return;
    for (const Node::Entry& entry : section->entries) {
      if (is_meaningless(entry)) continue;
      if (group.labels.size() == kMaxLabels) {
        problems_.add(entry.key_place,
                      "more labels than " + std::to_string(kMaxLabels) + " in a group");
        return;
      }
      if (auto label = read_label(entry, problems_)) group.labels.push_back(*std::move(label));
    }
    std::sort(group.labels.begin(), group.labels.end());
  }

  static bool is_meaningless(const Node::Entry& label) {
    const Node& value = *label.value;
    return label.key.starts_with("__") || value.kind == Node::Kind::kNull ||
           (value.kind == Node::Kind::kScalar && value.text.empty());
  }

  void too_large(Place place, const std::string& limit) {
    if (!std::exchange(is_too_large_, true)) problems_.add(place, "more than " + limit);
  }

  ProblemList& problems_;
  std::unordered_set<std::string> known_;  // canonical
  std::size_t targets_ = 0;
  std::size_t memory_ = 0;
  bool is_too_large_ = false;
};

// By what it is, not by what it is called: every JSON text is read as JSON, since YAML as yaml-cpp
// has it lacks some of it.
std::optional<Document> parse(std::string_view text, std::string_view path, ProblemList& problems) {
  const std::string_view content = without_byte_order_mark(text);
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const bool looks_like_json =
      first != std::string_view::npos && (content[first] == '[' || content[first] == '{');
  if (looks_like_json) {
    ProblemList json_problems;
    auto json = Document::parse_json(text, json_problems);
    if (json || path.ends_with(".json") || path.ends_with(".JSON")) {
      problems = std::move(json_problems);
      return json;
    }
  }
  return Document::parse(text, problems);
}

}  // namespace

std::size_t FileGroup::memory() const {
  std::size_t bytes = sizeof(FileGroup);
  for (const std::string& host : hosts) bytes += sizeof(std::string) + host.size();
  for (const auto& label : labels)
    bytes += sizeof(label) + label.first.size() + label.second.size();
  return bytes;
}

std::variant<std::vector<FileGroup>, Problems> parse_file_sd(std::string_view text,
                                                             std::string_view path) {
  ProblemList problems;
  std::vector<FileGroup> groups;
  if (const auto document = parse(text, path, problems)) {
    groups = Reader(problems).read(document->root());
  }
  if (!problems.empty()) return problems.lines(path);
  return groups;
}

base::Result<void> check_file_pattern(std::string_view pattern) {
  constexpr std::size_t kMaxPath = 4095;
  const auto wrong = [&](const std::string& what) {
    return Error{"file " + in_quotes(pattern) + what +
                 "; allowed: a path like /etc/rtt_exporter/peers/*.json"};
  };
  if (pattern.empty() || pattern.size() > kMaxPath) return wrong(" is no path");
  if (std::any_of(pattern.begin(), pattern.end(), is_control)) {
    return wrong(" has a control character");
  }
  const std::size_t slash = pattern.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? pattern : pattern.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return wrong(" is a directory");
  const std::string_view folder = pattern.substr(0, pattern.size() - name.size());
  if (folder.find_first_of("*?[") != std::string_view::npos) {
    return wrong(" has a wildcard before its last '/'");
  }
  return {};
}

}  // namespace rtt::config
