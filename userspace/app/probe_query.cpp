#include "app/probe_query.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/host_name.h"
#include "config/ip_family.h"
#include "config/wording.h"

namespace rtt::app {
namespace {

using base::Error;
using base::nanoseconds;
using config::in_quotes;

constexpr nanoseconds kDefaultWindow = std::chrono::seconds(5);
constexpr nanoseconds kMaxWindow = std::chrono::seconds(30);
constexpr nanoseconds kMaxMargin = std::chrono::milliseconds(500);
constexpr double kMinTimeoutSeconds = 0.1;
constexpr double kMaxTimeoutSeconds = 3600;  // more is the same; less than any overflow
constexpr const char* kAllowedParameters = "; allowed: target and module, once each";

struct Parameters {
  std::optional<std::string> target;
  std::optional<std::string> module;
};

base::Result<Parameters> read_parameters(const web::ProbeRequest& request) {
  Parameters parameters;
  for (const auto& [name, value] : request.parameters) {
    std::optional<std::string>* const place = name == "target"   ? &parameters.target
                                              : name == "module" ? &parameters.module
                                                                 : nullptr;
    if (place == nullptr) {
      return Error{"the parameter " + in_quotes(name) + " is not known" + kAllowedParameters};
    }
    if (place->has_value()) {
      return Error{"the parameter " + in_quotes(name) + " is there twice" + kAllowedParameters};
    }
    *place = value;
  }
  return parameters;
}

base::Result<config::Probe> find_probe(const std::optional<std::string>& module,
                                       const std::vector<config::Probe>& probes) {
  std::vector<std::string> names;
  for (const config::Probe& probe : probes) {
    if (module == probe.name) return probe;
    names.push_back(probe.name);
  }
  const std::string allowed =
      "; allowed: " + (names.empty() ? "none is configured" : config::listed(names));
  if (!module) return Error{"the parameter 'module' is missing" + allowed};
  return Error{"no probe is called " + in_quotes(*module) + config::suggestion(*module, names) +
               allowed};
}

base::Result<nanoseconds> read_window(const std::string& scrape_timeout) {
  if (scrape_timeout.empty()) return kDefaultWindow;
  double seconds = 0;
  const char* const end = scrape_timeout.data() + scrape_timeout.size();
  const auto read = std::from_chars(scrape_timeout.data(), end, seconds);
  if (read.ec != std::errc() || read.ptr != end || !(seconds >= kMinTimeoutSeconds)) {
    return Error{"X-Prometheus-Scrape-Timeout-Seconds is " + in_quotes(scrape_timeout) +
                 "; allowed: a number of seconds, at least 0.1"};
  }
  const nanoseconds timeout = std::chrono::duration_cast<nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, kMaxTimeoutSeconds)));
  return std::min(timeout - std::min(timeout / 4, kMaxMargin), kMaxWindow);
}

}  // namespace

base::Result<ProbeQuery> parse_probe_query(const web::ProbeRequest& request,
                                           const std::vector<config::Probe>& probes) {
  auto parameters = read_parameters(request);
  if (!parameters) return parameters.error();
  if (!parameters->target) {
    return Error{"the parameter 'target' is missing; allowed: a host name or an IP address"};
  }
  if (const auto host = config::canonical_host(*parameters->target); !host) return host.error();
  auto probe = find_probe(parameters->module, probes);
  if (!probe) return probe.error();
  const auto literal = base::IpAddress::parse(*parameters->target);
  if (literal && !config::has_family(probe->ip_family, literal->family())) {
    return Error{"target " + in_quotes(*parameters->target) +
                 " is of another family than the ip_family of the probe " + in_quotes(probe->name)};
  }
  const auto window = read_window(request.scrape_timeout);
  if (!window) return window.error();
  return ProbeQuery{*std::move(parameters->target), *std::move(probe), *window};
}

}  // namespace rtt::app
