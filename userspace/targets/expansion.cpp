#include "targets/expansion.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "config/host_name.h"
#include "config/ip_family.h"
#include "targets/rendezvous.h"

namespace rtt::targets {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct Candidate {
  std::string host;
  const Labels* labels;  // of its file; null: none
  bool from_dns;
};

Labels merged(const Labels& of_target, const Labels* of_file) {
  if (of_file == nullptr) return of_target;
  Labels labels = *of_file;
  for (const auto& label : of_target) {
    const bool replaced = std::ranges::any_of(
        *of_file, [&](const auto& other) { return other.first == label.first; });
    if (!replaced) labels.push_back(label);
  }
  std::ranges::sort(labels);
  return labels;
}

class Expander {
 public:
  Expander(const config::Config& config, const Discovered& discovered)
      : config_(config), discovered_(discovered) {
    own_.insert(discovered.own_addresses.begin(), discovered.own_addresses.end());
    result_.targets = config.targets;
    for (const config::Target& target : config.targets) {
      for (const std::string& host : target.hosts) taken_.insert(canonical(host));
    }
  }

  Expansion expand() && {
    for (const config::Target& target : config_.targets) add_discovered(target);
    if (config_.passive_peers) add_passive_peers();
    return std::move(result_);
  }

 private:
  static std::string canonical(const std::string& host) {
    const auto text = config::canonical_host(host);
    return text ? *text : host;
  }

  void add_discovered(const config::Target& target) {
    std::vector<Candidate> candidates;
    std::vector<std::string> names;  // canonical
    std::unordered_set<std::string> seen;
    const auto add = [&](Candidate candidate) {
      std::string name = canonical(candidate.host);
      if (taken_.contains(name) || !seen.insert(name).second) return;
      names.push_back(std::move(name));
      candidates.push_back(std::move(candidate));
    };
    collect_files(target, add);
    collect_dns_peers(target, add);
    const std::size_t count = target.max_peers.value_or(candidates.size());
    const Labels* last = nullptr;
    bool begun = false;
    for (const std::size_t i : choose_subset(discovered_.node, names, count)) {
      if (!begun || candidates[i].labels != last) begin(target, candidates[i].labels);
      begun = true;
      last = candidates[i].labels;
      taken_.insert(names[i]);
      ++(candidates[i].from_dns ? result_.from_dns : result_.from_files);
      result_.targets.back().hosts.push_back(std::move(candidates[i].host));
    }
  }

  template <typename Add>
  void collect_files(const config::Target& target, const Add& add) const {
    for (const std::string& pattern : target.files) {
      const auto groups = discovered_.files.find(pattern);
      if (groups == discovered_.files.end()) continue;
      for (const config::FileGroup& group : groups->second) {
        for (const std::string& host : group.hosts) {
          const auto literal = base::IpAddress::parse(host);
          if (literal && !config::has_family(target.ip_family, literal->family())) continue;
          add({host, &group.labels, false});
        }
      }
    }
  }

  template <typename Add>
  void collect_dns_peers(const config::Target& target, const Add& add) const {
    for (const std::string& name : target.dns_peers) {
      const auto addresses = discovered_.dns_peers.find(name);
      if (addresses == discovered_.dns_peers.end()) continue;
      for (const base::IpAddress& address : addresses->second) {
        if (own_.contains(address)) continue;
        if (!config::has_family(target.ip_family, address.family())) continue;
        add({address.to_string(), nullptr, true});
      }
    }
  }

  void begin(const config::Target& target, const Labels* labels_of_file) {
    config::Target& begun = result_.targets.emplace_back();
    begun.name = target.name;
    begun.labels = merged(target.labels, labels_of_file);
    begun.probes = target.probes;
    begun.all_addresses = target.all_addresses;
    begun.ip_family = target.ip_family;
  }

  void add_passive_peers() {
    config::Target target;
    target.name = config::kDiscoveredTarget;
    target.probes = config_.passive_peers->probes;
    for (const base::IpAddress& address : discovered_.passive_peers) {
      if (own_.contains(address)) continue;
      std::string host = address.to_string();
      if (taken_.insert(host).second) target.hosts.push_back(std::move(host));
    }
    result_.from_passive = target.hosts.size();
    if (!target.hosts.empty()) result_.targets.push_back(std::move(target));
  }

  const config::Config& config_;
  const Discovered& discovered_;
  std::unordered_set<base::IpAddress> own_;
  std::unordered_set<std::string> taken_;
  Expansion result_;
};

}  // namespace

Expansion expand(const config::Config& config, const Discovered& discovered) {
  return Expander(config, discovered).expand();
}

}  // namespace rtt::targets
