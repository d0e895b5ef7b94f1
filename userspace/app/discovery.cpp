#include "app/discovery.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <utility>

#include "base/logging.h"
#include "targets/discovery_errors.h"
#include "targets/own_addresses.h"

namespace rtt::app {
namespace {

constexpr metrics::FamilyInfo kPeers = {
    "rtt_exporter_discovered_peers",
    "Peers that were discovered and are in force, by how: file (file_sd files), dns (addresses of "
    "dns_peers), passive (who this host talks to)."};

constexpr const char* kFile = "file";
constexpr const char* kDns = "dns";
constexpr const char* kPassive = "passive";

std::string node_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size()) == 0 ? name.data() : "";
}

}  // namespace

Discovery::Discovery(base::EventLoop& loop, metrics::ExporterMetrics& metrics, Callbacks callbacks)
    : metrics_(metrics),
      callbacks_(std::move(callbacks)),
      files_(targets::FileDiscovery::create(loop, metrics, [this] { callbacks_.on_change(); })),
      look_(loop.timer([this] { look_at_traffic(); })) {
  count_error(kDns, 0);
  count_error(kPassive, 0);
  show({});
}

void Discovery::configure(const config::Config& config) {
  patterns_.clear();
  dns_names_.clear();
  for (const config::Target& target : config.targets) {
    patterns_.insert(patterns_.end(), target.files.begin(), target.files.end());
    dns_names_.insert(target.dns_peers.begin(), target.dns_peers.end());
  }
  files_->set_patterns(patterns_);

  const auto before = std::exchange(wanted_passive_, config.passive_peers);
  if (!wanted_passive_) {
    passive_peers_ = {};
    look_.cancel();
    return;
  }
  passive_peers_.keep_inside(wanted_passive_->networks);
  if (!before || before->interval != wanted_passive_->interval) {
    look_.expires_after(wanted_passive_->interval);
  }
}

targets::Discovered Discovery::found(const targets::Resolver& resolver) {
  targets::Discovered found;
  found.node = node_name();
  if (!dns_names_.empty() || wanted_passive_) {
    auto own = targets::own_addresses();
    if (own) {
      found.own_addresses = *std::move(own);
    } else {
      base::log_error("discovery may find this host itself", {{"reason", own.error().message}});
    }
  }
  for (const std::string& pattern : patterns_) found.files[pattern] = files_->groups(pattern);
  for (const std::string& name : dns_names_) found.dns_peers[name] = resolver.addresses(name);
  found.passive_peers = passive_peers_.addresses();
  return found;
}

void Discovery::on_addresses(const std::string& name) {
  if (dns_names_.contains(name)) callbacks_.on_change();
}

void Discovery::on_lookup_failure(const std::string& name) {
  if (dns_names_.contains(name)) count_error(kDns, 1);
}

void Discovery::show(const targets::Expansion& expansion) {
  for (const auto& [source, count] :
       {std::pair(kFile, expansion.from_files), std::pair(kDns, expansion.from_dns),
        std::pair(kPassive, expansion.from_passive)}) {
    metrics_.set_gauge(kPeers, {{"source", source}}, static_cast<double>(count));
  }
}

void Discovery::look_at_traffic() {
  look_.expires_after(wanted_passive_->interval);
  const auto busiest = callbacks_.take_busiest();
  if (!busiest) return count_error(kPassive, 1);
  const PassivePeers::Limits limits{wanted_passive_->max_peers, wanted_passive_->expire_after};
  if (passive_peers_.update(*busiest, base::Clock::now(), limits)) callbacks_.on_change();
}

void Discovery::count_error(const char* source, double count) {
  metrics_.add_counter(targets::kDiscoveryErrors, {{"source", source}}, count);
}

}  // namespace rtt::app
