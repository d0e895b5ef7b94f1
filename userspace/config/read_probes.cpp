#include <algorithm>
#include <cassert>
#include <string>

#include "config/ip_family.h"
#include "config/map_access.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::vector<std::string> names_of(std::span<const MethodSchema> methods) {
  std::vector<std::string> names;
  for (const MethodSchema& method : methods) names.emplace_back(method.name);
  return names;
}

const MethodSchema* find_method(MapReader& probe, const std::string& name,
                                std::span<const MethodSchema> methods) {
  for (const MethodSchema& method : methods) {
    if (method.name == name) return &method;
  }
  const std::vector<std::string> names = names_of(methods);
  probe.problem_at("method", "unknown method " + in_quotes(name) + suggestion(name, names) +
                                 "; allowed: " + listed(names));
  return nullptr;
}

bool is_name(const std::string& text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), is_control);
}

Probe read_probe(const Node::Entry& entry, ProblemList& problems,
                 std::span<const MethodSchema> methods) {
  Probe probe;
  probe.name = entry.key;
  if (entry.value->kind != Node::Kind::kMapping) {
    problems.add(entry.key_place, "probe " + in_quotes(entry.key) + description(*entry.value) +
                                      "; allowed: a mapping like {method: icmp, interval: 1s}");
    return probe;
  }
  if (!is_name(entry.key)) {
    problems.add(entry.key_place, "probe name " + in_quotes(entry.key) +
                                      "; allowed: a string on one line, not empty");
  }
  MapReader reader = Loader::open(*entry.value, problems);
  const Node* name = Loader::take(reader, "method");
  probe.method = name == nullptr ? "" : to_text(*name).value_or("");
  if (probe.method.empty()) {
    reader.problem_at("method", "probe " + in_quotes(entry.key) +
                                    " names no method; allowed: " + listed(names_of(methods)));
  }
  probe.interval = reader.duration("interval", seconds(1), milliseconds(10), hours(1));
  probe.timeout = reader.duration("timeout", seconds(1), milliseconds(1), minutes(1));
  probe.ip_family = read_ip_family(reader);
  if (probe.method.empty()) return probe;
  const MethodSchema* method = find_method(reader, probe.method, methods);
  // Without its method nobody knows which other keys are right.
  if (method == nullptr) return probe;
  assert(method->read_options);
  probe.options = method->read_options(reader);
  Loader::finish(reader);
  return probe;
}

}  // namespace

std::vector<Probe> read_probes(MapReader& root, std::span<const MethodSchema> methods) {
  std::vector<Probe> probes;
  const Node* section = Loader::take_mapping(root, "probes");
  if (section == nullptr) return probes;
  for (const Node::Entry& entry : section->entries) {
    probes.push_back(read_probe(entry, Loader::problems(root), methods));
  }
  return probes;
}

}  // namespace rtt::config
