#include "app/probe_run.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "config/wording.h"
#include "targets/address_list.h"

namespace rtt::app {
namespace {

using base::IpAddress;
using base::nanoseconds;

constexpr nanoseconds kClientCheck = std::chrono::milliseconds(100);

const probers::Method& method_of(const config::Probe& probe) {
  const auto methods = probers::method_table();
  return *std::ranges::find(methods, probe.method,
                            [](const probers::Method& method) { return method.schema.name; });
}

bool is_allowed(const IpAddress& address, const std::vector<base::IpPrefix>& networks) {
  return std::ranges::any_of(
      networks, [&](const base::IpPrefix& network) { return network.contains(address); });
}

}  // namespace

ProbeRun::ProbeRun(base::EventLoop& loop, Options options, FindEngine find_engine, OnEnd on_end)
    : loop_(loop),
      options_(std::move(options)),
      find_engine_(std::move(find_engine)),
      on_end_(std::move(on_end)),
      begin_(loop.timer([this] { begin(); })),
      client_(loop.timer([this] { watch_client(); })) {
  client_.expires_after(kClientCheck);
  if (const auto literal = IpAddress::parse(options_.query.target)) {
    addresses_ = {*literal};
    begin_.expires_after(nanoseconds(0));
  } else {
    look_up();
  }
}

// Half of the time, so that there is some left to measure.
void ProbeRun::look_up() {
  const base::TimePoint now = base::Clock::now();
  begin_.expires_at(now + (options_.deadline - now) / 2);
  auto channel = targets::DnsChannel::create(
      loop_, {options_.dns.resolv_conf, options_.dns.port, options_.dns.query_timeout});
  if (!channel) {
    base::log_debug("no name server to ask for a target of /probe",
                    {{"reason", channel.error().message}});
    return begin_.expires_after(nanoseconds(0));
  }
  dns_ = std::move(*channel);
  dns_->look_up(options_.query.target, [this](const targets::DnsAnswer& answer) {
    addresses_ = targets::addresses_of_host(targets::merge_answer({}, answer.addresses),
                                            options_.query.probe.ip_family);
    begin_.expires_after(nanoseconds(0));  // not inside of the channel
  });
}

void ProbeRun::begin() {
  dns_.reset();
  const auto forbidden = std::ranges::find_if_not(addresses_, [this](const IpAddress& address) {
    return is_allowed(address, options_.limits.networks);
  });
  if (forbidden != addresses_.end()) {
    return refuse(403, "target " + config::in_quotes(options_.query.target) + " has the address " +
                           forbidden->to_string() +
                           "; allowed: addresses in probe_endpoint.networks only");
  }
  start_burst(addresses_.empty() ? std::nullopt : std::optional(addresses_.front()));
}

void ProbeRun::start_burst(std::optional<IpAddress> address) {
  const config::Probe& probe = options_.query.probe;
  const probers::Method& method = method_of(probe);
  const auto engine = find_engine_(method);
  if (!engine) {
    return refuse(503, "this host cannot run " + probe.method + ": " + engine.error().message);
  }
  metrics::SeriesSet::Builder builder(options_.grid, 1, metrics::SeriesSet());
  auto series = builder.probe({"probe", options_.query.target, {}}, probe.method, method.reasons,
                              method.features);
  auto set = std::move(builder).build();
  burst_ = std::make_unique<probers::Burst>(
      loop_, **engine,
      probers::Burst::Options{.probe = probe,
                              .series = std::move(series),
                              .address = address,
                              .count = options_.limits.probes,
                              .deadline = options_.deadline},
      [this, set] { end(web::ProbeAnswer{.status = 200, .refusal = {}, .series = set}); });
}

void ProbeRun::watch_client() {
  if (options_.is_abandoned()) return end(std::nullopt);
  client_.expires_after(kClientCheck);
}

void ProbeRun::refuse(int status, std::string why) {
  end(web::ProbeAnswer{.status = status, .refusal = std::move(why), .series = nullptr});
}

void ProbeRun::end(std::optional<web::ProbeAnswer> answer) {
  begin_.cancel();
  client_.cancel();
  const OnEnd on_end = on_end_;  // outlives this object, which it may destroy
  on_end(std::move(answer));
}

}  // namespace rtt::app
