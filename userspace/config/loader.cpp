#include "config/loader.h"

#include <optional>
#include <utility>

#include "config/document.h"
#include "config/map_access.h"
#include "config/read_file.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

void check_labels(MapReader& root, const Config& config) {
  for (const Target& target : config.targets) {
    for (const auto& [name, value] : target.labels) {
      if (!config.passive.labels.has(name)) continue;
      root.problem_at("targets", "target " + in_quotes(target.name) + " has a label " +
                                     in_quotes(name) +
                                     ", which 'passive.labels' gives every passive series; "
                                     "allowed: another name for it");
    }
  }
}

Config read_config(const Node& top, ProblemList& problems, std::span<const MethodSchema> methods) {
  Config config;
  MapReader root = Loader::open(top, problems);
  config.histogram = read_histogram(root);
  config.max_series = read_max_series(root);
  config.passive = read_passive(root);
  config.echo_server_listen = read_echo_server(root);
  config.probe_endpoint = read_probe_endpoint(root);
  config.probes = read_probes(root, methods);
  config.dns = read_dns(root);
  config.passive_peers = read_passive_peers(root, config.probes, config.passive, methods);
  config.targets = read_targets(root, config.probes, config.passive_peers.has_value());
  check_labels(root, config);
  Loader::finish(root);
  return config;
}

}  // namespace

std::variant<Config, Problems> load(std::string_view text, std::string_view file_name,
                                    std::span<const MethodSchema> methods) {
  ProblemList problems;
  Config config;
  if (const auto document = Document::parse(text, problems)) {
    const Node& top = document->root();
    if (top.kind == Node::Kind::kMapping) {
      config = read_config(top, problems, methods);
    } else {
      problems.add(top.place, "the file" + description(top) +
                                  "; allowed: a mapping (key: value) at the top level");
    }
  }
  if (!problems.empty()) return problems.lines(file_name);
  return config;
}

std::variant<Config, Problems> load_file(const std::string& path,
                                         std::span<const MethodSchema> methods) {
  const auto text = read_file(path, Document::kMaxBytes + 1);
  if (!text) return Problems{text.error().message};
  return load(*text, path, methods);
}

}  // namespace rtt::config
