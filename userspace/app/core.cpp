#include "app/core.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/logging.h"
#include "targets/address_list.h"

namespace rtt::app {
namespace {

constexpr const char* kTcpProbe = "tcp_probe";
constexpr const char* kTcpInfo = "tcp_info";
constexpr const char* kNamespaces = "tcp_info_namespaces";

constexpr metrics::FamilyInfo kSeriesDropped = {
    "rtt_exporter_series_dropped_total",
    "Series that limits.max_series left no room for, at each load of the configuration and when "
    "discovery adds to them; passive traffic of such a peer counts under target \"other\"."};
constexpr metrics::FamilyInfo kPrefixErrors = {
    "rtt_exporter_prefix_update_errors_total",
    "Failed attempts to bring the kernel's prefixes in line with resolved addresses."};

// After a failure to plan what was discovered; a change or a reload tries at once.
constexpr base::nanoseconds kReplanRetry = std::chrono::seconds(30);

bool is_literal(const std::string& host) { return base::IpAddress::parse(host).has_value(); }

std::vector<base::IpAddress> known_addresses(const targets::Peer& peer,
                                             const targets::Resolver& resolver) {
  if (const auto literal = base::IpAddress::parse(peer.label)) return {*literal};
  return targets::addresses_of_host(resolver.addresses(peer.label), peer.ip_family);
}

}  // namespace

Core::Running::Running(Plan the_plan, const targets::Resolver& resolver)
    : plan(std::move(the_plan)), classifier(plan.peers, plan.counted) {
  for (targets::Slot slot = 0; slot < plan.peers.size(); ++slot) {
    const targets::Peer& peer = plan.peers.peer(slot);
    if (peer.kind != targets::PeerKind::kHost) continue;
    hosts.emplace(peer.label, slot);
    classifier.set_addresses(slot, known_addresses(peer, resolver));
  }
  for (probers::PlannedProbe& probe : plan.probes) {
    probe.addresses = known_addresses(plan.peers.peer(hosts.at(probe.host)), resolver);
    if (probe.series->http() != nullptr) http.emplace(probe.host, probe.series);
  }
}

Core::Core(base::EventLoop& loop)
    : loop_(loop),
      exposition_(store_, metrics_),
      board_(metrics_),
      process_metrics_(std::make_shared<metrics::ProcessMetrics>(metrics_)),
      owner_tracking_(loop, metrics_, store_, board_),
      discovered_(loop, {}, [this] { replan(); }),
      prefix_update_(loop.timer([this] { update_prefixes(); })) {
  metrics_.add_counter(kSeriesDropped, {}, 0);
  metrics_.add_counter(kPrefixErrors, {}, 0);
}

Core::~Core() { exposition_.set_collectors({}); }

void Core::set_namespace_opener(base::Result<base::UniqueFd> socket) {
  if (socket) {
    opener_ = std::make_unique<passive::OpenerChannel>(loop_, std::move(*socket));
  } else {
    no_opener_ = socket.error().message;
  }
}

base::Result<void> Core::apply(Configuration configuration) {
  auto allowed = check_changeable(configuration);
  if (!allowed) return allowed;
  return take_up(std::move(configuration));
}

base::Result<void> Core::take_up(Configuration configuration) {
  discovery_->configure(configuration.config);
  auto applied = run(configuration, expand(configuration.config));
  if (!applied) {
    if (configuration_) discovery_->configure(configuration_->config);
    return applied;
  }
  configuration_ = std::move(configuration);
  discovered_.done();
  if (const std::size_t dropped = running_->plan.series->dropped(); dropped > 0) {
    note_dropped(dropped);
  }
  return {};
}

base::Result<void> Core::run(const Configuration& configuration, targets::Expansion expansion) {
  config::Config config = configuration.config;
  config.targets = std::move(expansion.targets);
  auto next = std::make_unique<Running>(
      make_plan(std::move(config), configuration.grid, *store_.current()), *resolver_);
  const auto owners = owner_tracking_.prepare(next->plan);
  const passive::OwnerCounting* const owning = owners ? &*owners : nullptr;
  auto tcp_probe = load_tcp_probe(*next, *configuration.grid, owning);
  if (!tcp_probe) return tcp_probe.error();

  owner_tracking_.accept(next->plan, configuration.grid);
  switch_tcp_probe(std::move(*tcp_probe), next->plan.config.passive.tcp_probe.max_cpu_share);
  configure_tcp_info(*next, owning);
  probe_thread_->set_probes(next->plan.probes);
  running_ = std::move(next);
  discovery_->show(expansion);
  resolver_->set_timing(running_->plan.config.dns);
  std::vector<std::string> names(discovery_->dns_names().begin(), discovery_->dns_names().end());
  std::ranges::remove_copy_if(running_->plan.hosts, std::back_inserter(names), is_literal);
  resolver_->set_hosts(names);
  return {};
}

void Core::note_dropped(std::size_t dropped) {
  metrics_.add_counter(kSeriesDropped, {}, static_cast<double>(dropped));
  base::log_warn("limits.max_series leaves no room for some series",
                 {{"max_series", std::to_string(running_->plan.config.max_series)},
                  {"dropped", std::to_string(dropped)}});
}

targets::Expansion Core::expand(const config::Config& config) {
  return targets::expand(config, discovery_->found(*resolver_));
}

void Core::replan() {
  targets::Expansion expansion = expand(configuration_->config);
  if (expansion.targets == running_->plan.config.targets) return;
  const std::size_t dropped_before = running_->plan.series->dropped();
  const std::size_t peers = expansion.from_files + expansion.from_dns + expansion.from_passive;
  if (const auto planned = run(*configuration_, std::move(expansion)); !planned) {
    base::log_error("discovered peers cannot be taken up, those before stay",
                    {{"reason", planned.error().message}});
    return discovered_.note(kReplanRetry);
  }
  base::log_info("discovered peers changed", {{"peers", std::to_string(peers)}});
  if (const std::size_t dropped = running_->plan.series->dropped(); dropped > dropped_before) {
    note_dropped(dropped - dropped_before);
  }
}

base::Result<void> Core::check_changeable(const Configuration& next) const {
  const config::Config& current = running_->plan.config;
  if (next.config.histogram != current.histogram) {
    return base::Error{
        "the bucket grid (histogram.buckets, histogram.native_schema) cannot change without a "
        "restart: all counts are kept on it"};
  }
  if (next.config.echo_server_listen != current.echo_server_listen) {
    return base::Error{"echo_server.listen cannot change without a restart"};
  }
  const auto& tcp_info = next.config.passive.tcp_info;
  if (tcp_info.enabled && tcp_info.all_namespaces && !opener_ && !no_opener_) {
    return base::Error{
        "passive.tcp_info.namespaces cannot become \"all\" without a restart: the process that "
        "enters "
        "other network namespaces is started before the program gives up its privileges"};
  }
  return {};
}

base::Result<void> Core::start(Configuration configuration,
                               std::vector<echo_server::BoundSockets> echo_sockets) {
  auto resolver = targets::Resolver::create(
      loop_, metrics_,
      [this](const auto& host, const auto& addresses) { on_addresses(host, addresses); }, {},
      {.on_lookup = [this](const auto& host, auto duration) { on_lookup(host, duration); },
       .on_failure = [this](const auto& host) { discovery_->on_lookup_failure(host); }});
  if (!resolver) return resolver.error();
  probe_thread_ = std::make_unique<ProbeThread>(
      metrics_, [this](const std::string& method, std::optional<std::string> reason) {
        board_.set(method, std::move(reason));
      });
  probe_thread_->start_echo_server(std::move(echo_sockets));
  discovery_ = std::make_unique<Discovery>(
      loop_, metrics_,
      Discovery::Callbacks{.on_change = [this] { discovered_.note(); },
                           .take_busiest = [this] { return take_busiest(); }});
  resolver_ = std::move(*resolver);
  return take_up(std::move(configuration));
}

void Core::post_to_probe_loop(std::function<void()> function) {
  probe_thread_->post(std::move(function));
}

base::Result<std::shared_ptr<passive::TcpProbeSource>> Core::load_tcp_probe(
    const Running& next, const metrics::BucketGrid& grid, const passive::OwnerCounting* owning) {
  std::shared_ptr<passive::TcpProbeSource> source;
  if (!next.plan.config.passive.tcp_probe.enabled) {
    board_.remove(kTcpProbe);
    return source;
  }
  auto created = passive::TcpProbeSource::create(loop_, grid, next.classifier, next.plan.tcp_probe,
                                                 metrics_, tcp_probe_.get(), owning);
  if (!created) {
    // A reload must not cost what works already.
    if (tcp_probe_) return created.error();
    board_.set(kTcpProbe, created.error().message);
    return source;
  }
  board_.set(kTcpProbe, std::nullopt);
  source = std::move(*created);
  return source;
}

void Core::switch_tcp_probe(std::shared_ptr<passive::TcpProbeSource> next, double max_cpu_share) {
  if (next) {
    next->activate();
    next->set_max_cpu_share(max_cpu_share);
  }
  std::vector<std::shared_ptr<metrics::Collector>> collectors = {process_metrics_};
  if (next) collectors.push_back(next);
  exposition_.set_collectors(std::move(collectors));
  owner_tracking_.set_source(next);
  tcp_probe_ = std::move(next);  // the old one detaches and delivers its last counts
}

void Core::configure_tcp_info(const Running& next, const passive::OwnerCounting* owning) {
  const auto& wanted = next.plan.config.passive.tcp_info;
  if (!wanted.enabled) {
    tcp_info_.reset();
    board_.remove(kTcpInfo);
    board_.remove(kNamespaces);
    return;
  }
  if (!tcp_info_) {
    auto created = passive::TcpInfoSource::create(loop_, metrics_);
    if (!created) {
      board_.set(kTcpInfo, created.error().message);
      board_.remove(kNamespaces);
      return;
    }
    tcp_info_ = std::move(*created);
    board_.set(kTcpInfo, std::nullopt);
  }
  tcp_info_->configure(wanted.interval, next.classifier, next.plan.tcp_info, owning);
  configure_namespaces(wanted.all_namespaces);
  const auto& passive_peers = next.plan.config.passive_peers;
  tcp_info_->set_activity_networks(passive_peers ? passive_peers->networks
                                                 : std::vector<base::IpPrefix>());
}

// Whether they can be polled shows in the first poll.
void Core::configure_namespaces(bool all) {
  if (!all) {
    tcp_info_->set_opener(nullptr, nullptr);
    board_.remove(kNamespaces);
  } else if (opener_) {
    tcp_info_->set_opener(opener_.get(), [this](std::optional<std::string> reason) {
      board_.set(kNamespaces, std::move(reason));
    });
  } else {
    board_.set(kNamespaces, no_opener_);
  }
}

void Core::on_addresses(const std::string& host, const std::vector<base::IpAddress>& addresses) {
  discovery_->on_addresses(host);
  const auto found = running_->hosts.find(host);
  if (found == running_->hosts.end()) return;
  const targets::Slot slot = found->second;
  auto of_host = targets::addresses_of_host(addresses, running_->plan.peers.peer(slot).ip_family);
  probe_thread_->set_addresses(host, of_host);
  if (running_->classifier.set_addresses(slot, std::move(of_host))) {
    prefix_update_.expires_after(base::nanoseconds(0));
  }
}

std::optional<std::vector<passive::ActiveRemote>> Core::take_busiest() {
  if (!tcp_info_) return std::nullopt;
  const auto wanted = [this](const base::IpAddress& address) {
    const targets::Peer& peer =
        running_->plan.peers.peer(running_->classifier.classify(address, 0));
    return peer.kind != targets::PeerKind::kHost || peer.target == config::kDiscoveredTarget;
  };
  return tcp_info_->take_busiest(passive::RemoteActivity::kMaxAddresses, wanted);
}

void Core::on_lookup(const std::string& host, base::nanoseconds duration) {
  const auto series = running_->http.find(host);
  if (series == running_->http.end()) return;
  series->second->http()->observe(metrics::HttpPhase::kResolve, duration);
}

void Core::update_prefixes() {
  if (!tcp_probe_) return;
  const auto updated = tcp_probe_->set_prefixes(running_->classifier);
  if (updated) return;
  metrics_.add_counter(kPrefixErrors, {}, 1);
  base::log_error("cannot update the kernel's prefixes", {{"reason", updated.error().message}});
}

}  // namespace rtt::app
