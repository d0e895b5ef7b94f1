#include "targets/resolver.h"

#include <sys/stat.h>

#include <algorithm>
#include <cassert>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/logging.h"
#include "base/random.h"
#include "targets/address_list.h"
#include "targets/dns_channel.h"

namespace rtt::targets {
namespace {

using base::Clock;
using base::nanoseconds;
using base::TimePoint;

constexpr metrics::FamilyInfo kLookups = {"rtt_exporter_dns_lookups_total",
                                          "Lookups of host names that were started."};
constexpr metrics::FamilyInfo kFailures = {"rtt_exporter_dns_failures_total",
                                           "Lookups of host names that ended without an address."};
constexpr metrics::FamilyInfo kUnresolved = {
    "rtt_exporter_dns_unresolved_hosts",
    "Configured host names that have no address: never resolved, so not measured."};

// Which version of a file was read: equal for as long as nobody wrote or replaced it.
using FileVersion = std::tuple<dev_t, ino_t, off_t, time_t, long>;

FileVersion version_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec};
}

// Up to a quarter more, so that names asked for together drift apart.
nanoseconds spread(nanoseconds value) {
  const auto part = static_cast<std::uint64_t>(value.count()) / 4 + 1;
  return value + nanoseconds(base::random_u64() % part);
}

struct Host {
  std::vector<base::IpAddress> addresses;
  bool is_literal = false;
  unsigned failures = 0;  // in a row
  TimePoint due{};        // meaningful while the name is in Impl::due
};

}  // namespace

struct Resolver::Impl {
  struct Answered {
    std::string name;
    DnsAnswer answer;
    nanoseconds duration;
  };

  Impl(base::EventLoop& event_loop, metrics::ExporterMetrics& exporter_metrics,
       OnAddresses callback, ResolverOptions resolver_options, Observer lookup_observer)
      : loop(event_loop),
        metrics(exporter_metrics),
        on_addresses(std::move(callback)),
        observer(std::move(lookup_observer)),
        options(std::move(resolver_options)),
        turn(event_loop.timer([this] { take_turn(); })) {}

  void create_metrics();
  void set_timing(const config::DnsConfig& timing);
  void set_hosts(const std::vector<std::string>& names);
  bool keep_or_add(const std::string& name, std::unordered_map<std::string, Host>& old);

  // Everything happens in turns: what was answered is taken in, what is due is asked for. So no
  // callback ever runs inside of c-ares, and the channel can be replaced between lookups.
  void take_turn();
  void schedule_turn();
  void follow_resolv_conf();
  void start_lookup(const std::string& name);

  void finish(const Answered& lookup);
  void succeed(const std::string& name, Host& host, std::vector<base::IpAddress> addresses);
  void fail(const std::string& name, Host& host, DnsFailure failure, const std::string& detail);

  void set_due(const std::string& name, Host& host, TimePoint when);
  void unset_due(const std::string& name, const Host& host) { due.erase({host.due, name}); }
  void set_unresolved(std::size_t count);

  base::EventLoop& loop;
  metrics::ExporterMetrics& metrics;
  const OnAddresses on_addresses;
  const Observer observer;
  ResolverOptions options;

  std::unordered_map<std::string, Host> hosts;
  std::set<std::pair<TimePoint, std::string>> due;
  std::unordered_set<std::string> outstanding;  // also names that are no longer in `hosts`
  std::vector<Answered> answered;
  std::size_t unresolved = 0;

  FileVersion resolv_conf_version;
  bool channel_outdated = false;
  std::string channel_problem;
  base::Timer turn;
  std::unique_ptr<DnsChannel> channel;  // the first to go: its lookups end with it
};

void Resolver::Impl::create_metrics() {
  metrics.add_counter(kLookups, {}, 0);
  for (int i = 0; i < static_cast<int>(DnsFailure::kCount); ++i) {
    const auto reason = std::string(to_string(static_cast<DnsFailure>(i)));
    metrics.add_counter(kFailures, {{"reason", reason}}, 0);
  }
  set_unresolved(0);
}

void Resolver::Impl::set_timing(const config::DnsConfig& timing) {
  channel_outdated |= options.query_timeout != timing.timeout;
  options.query_timeout = timing.timeout;
  options.min_refresh = timing.min_refresh;
  options.max_refresh = timing.max_refresh;
  const TimePoint now = Clock::now();
  while (!due.empty() && due.rbegin()->first > now + timing.max_refresh + timing.max_refresh / 4) {
    const std::string name = due.rbegin()->second;
    Host& host = hosts.at(name);
    unset_due(name, host);
    set_due(name, host, now + spread(timing.max_refresh));
  }
  schedule_turn();
}

void Resolver::Impl::set_hosts(const std::vector<std::string>& names) {
  std::unordered_map<std::string, Host> old = std::exchange(hosts, {});
  std::vector<std::string> new_literals;
  for (const std::string& name : names) {
    if (keep_or_add(name, old)) new_literals.push_back(name);
  }
  for (const auto& [name, host] : old) unset_due(name, host);
  set_unresolved(
      static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), [](const auto& entry) {
        return entry.second.addresses.empty();
      })));
  schedule_turn();
  for (const std::string& name : new_literals) {
    if (const auto host = hosts.find(name); host != hosts.end()) {
      on_addresses(name, std::vector(host->second.addresses));
    }
  }
}

// Returns whether the name is a literal that was not there before.
bool Resolver::Impl::keep_or_add(const std::string& name,
                                 std::unordered_map<std::string, Host>& old) {
  if (hosts.contains(name)) return false;
  if (auto known = old.extract(name)) {
    hosts.insert(std::move(known));
    return false;
  }
  Host& host = hosts[name];
  if (const auto address = base::IpAddress::parse(name)) {
    host.addresses = {*address};
    host.is_literal = true;
    return true;
  }
  // The answer to a lookup from before the name was removed is as good as any.
  if (!outstanding.contains(name)) set_due(name, host, Clock::now());
  return false;
}

void Resolver::Impl::take_turn() {
  for (const Answered& one : std::exchange(answered, {})) finish(one);
  if (!due.empty() && due.begin()->first <= Clock::now()) follow_resolv_conf();
  while (!due.empty() && due.begin()->first <= Clock::now() &&
         outstanding.size() < options.max_outstanding) {
    start_lookup(std::string(due.begin()->second));
  }
  schedule_turn();
}

void Resolver::Impl::schedule_turn() {
  if (!answered.empty()) {
    turn.expires_at(Clock::now());
  } else if (!due.empty() && outstanding.size() < options.max_outstanding) {
    turn.expires_at(due.begin()->first);
  } else {
    turn.cancel();
  }
}

// c-ares reads resolv.conf only when a channel is created (so does its next version).
void Resolver::Impl::follow_resolv_conf() {
  const FileVersion version = version_of(options.resolv_conf);
  if (channel && version == resolv_conf_version && !channel_outdated) return;
  const bool changed = channel != nullptr;
  channel.reset();
  const TimePoint now = Clock::now();
  const auto interrupted = std::exchange(outstanding, {});
  for (auto& [name, host] : hosts) {
    if (host.is_literal) continue;
    const bool retry = changed && host.failures > 0;
    if (!retry && !interrupted.contains(name)) continue;
    unset_due(name, host);
    set_due(name, host, now);
  }
  auto created =
      DnsChannel::create(loop, {options.resolv_conf, options.port, options.query_timeout});
  if (created) {
    channel = std::move(*created);
    resolv_conf_version = version;
    channel_outdated = false;
  } else {
    channel_problem = created.error().message;
  }
}

void Resolver::Impl::start_lookup(const std::string& name) {
  unset_due(name, hosts.at(name));
  outstanding.insert(name);
  metrics.add_counter(kLookups, {}, 1);
  const auto on_answer = [this, name, started = Clock::now()](DnsAnswer answer) {
    answered.push_back({name, std::move(answer), Clock::now() - started});
    schedule_turn();
  };
  if (channel) {
    channel->look_up(name, on_answer);
  } else {
    on_answer({.addresses = {}, .failure = DnsFailure::kLocal, .detail = channel_problem});
  }
}

void Resolver::Impl::finish(const Answered& lookup) {
  const auto& [name, answer, duration] = lookup;
  outstanding.erase(name);
  const auto entry = hosts.find(name);
  if (entry == hosts.end()) return;
  Host& host = entry->second;
  if (answer.failure) return fail(name, host, *answer.failure, answer.detail);
  std::vector<base::IpAddress> addresses = merge_answer(host.addresses, answer.addresses);
  if (addresses.empty()) {
    const std::string example = answer.addresses.front().to_string();
    return fail(name, host, DnsFailure::kBadAddress, example + " cannot be the address of a peer");
  }
  const nanoseconds ttl = std::clamp(answer.ttl, options.min_refresh, options.max_refresh);
  set_due(name, host, Clock::now() + spread(ttl));
  if (observer.on_lookup) observer.on_lookup(name, duration);
  succeed(name, host, std::move(addresses));
}

void Resolver::Impl::succeed(const std::string& name, Host& host,
                             std::vector<base::IpAddress> addresses) {
  if (std::exchange(host.failures, 0) > 0) {
    base::log_info("host name resolves again",
                   {{"host", name}, {"address", addresses.front().to_string()}});
  }
  if (addresses == host.addresses) return;
  if (host.addresses.empty()) set_unresolved(unresolved - 1);
  host.addresses = addresses;
  on_addresses(name, addresses);
}

void Resolver::Impl::fail(const std::string& name, Host& host, DnsFailure failure,
                          const std::string& detail) {
  const std::string reason(to_string(failure));
  metrics.add_counter(kFailures, {{"reason", reason}}, 1);
  if (host.failures == 0) {
    base::log_warn(host.addresses.empty() ? "host name does not resolve"
                                          : "host name does not resolve, its last addresses stay",
                   {{"host", name},
                    {"reason", reason},
                    {"error", detail},
                    {"addresses", std::to_string(host.addresses.size())}});
  }
  nanoseconds backoff = options.min_retry;
  for (unsigned i = 0; i < host.failures && backoff < options.max_retry; ++i) backoff *= 2;
  ++host.failures;
  set_due(name, host, Clock::now() + spread(std::min(backoff, options.max_retry)));
  if (observer.on_failure) observer.on_failure(name);
}

void Resolver::Impl::set_due(const std::string& name, Host& host, TimePoint when) {
  host.due = when;
  due.emplace(when, name);
}

void Resolver::Impl::set_unresolved(std::size_t count) {
  unresolved = count;
  metrics.set_gauge(kUnresolved, {}, static_cast<double>(count));
}

Resolver::Resolver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Resolver::~Resolver() = default;

base::Result<std::unique_ptr<Resolver>> Resolver::create(base::EventLoop& loop,
                                                         metrics::ExporterMetrics& metrics,
                                                         OnAddresses on_addresses,
                                                         ResolverOptions options,
                                                         Observer observer) {
  if (auto works = DnsChannel::check(); !works) return works.error();
  auto impl = std::make_unique<Impl>(loop, metrics, std::move(on_addresses), std::move(options),
                                     std::move(observer));
  impl->create_metrics();
  return std::unique_ptr<Resolver>(new Resolver(std::move(impl)));
}

void Resolver::set_timing(const config::DnsConfig& timing) { impl_->set_timing(timing); }
void Resolver::set_hosts(const std::vector<std::string>& hosts) { impl_->set_hosts(hosts); }

std::vector<base::IpAddress> Resolver::addresses(const std::string& host) const {
  const auto entry = impl_->hosts.find(host);
  return entry == impl_->hosts.end() ? std::vector<base::IpAddress>() : entry->second.addresses;
}

}  // namespace rtt::targets
