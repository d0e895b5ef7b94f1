#include "app/probe_endpoint.h"

#include <utility>

namespace rtt::app {
namespace {

constexpr metrics::FamilyInfo kRequests = {"rtt_exporter_probe_requests_total",
                                           "Requests to /probe: answered with a measurement, "
                                           "refused as bad_request (400), forbidden (403) "
                                           "or unavailable (503: too many at once, or the method "
                                           "does not work), or abandoned by the client."};

constexpr const char* kAnswered = "answered";
constexpr const char* kBadRequest = "bad_request";
constexpr const char* kForbidden = "forbidden";
constexpr const char* kUnavailable = "unavailable";
constexpr const char* kAbandoned = "abandoned";

const char* outcome_of(const std::optional<web::ProbeAnswer>& answer) {
  if (!answer) return kAbandoned;
  switch (answer->status) {
    case 200:
      return kAnswered;
    case 400:
      return kBadRequest;
    case 403:
      return kForbidden;
    default:
      return kUnavailable;
  }
}

web::ProbeAnswer refusal(int status, std::string why) {
  return {.status = status, .refusal = std::move(why), .series = nullptr};
}

web::ProbeAnswer stopping() { return refusal(503, "the program is stopping"); }

}  // namespace

std::optional<ProbeEndpoint::Settings> ProbeEndpoint::settings_of(
    const Configuration& configuration) {
  const config::Config& config = configuration.config;
  if (!config.probe_endpoint) return std::nullopt;
  return Settings{*config.probe_endpoint, config.probes, configuration.grid, config.dns.timeout};
}

ProbeEndpoint::ProbeEndpoint(metrics::ExporterMetrics& metrics, targets::ResolverOptions dns)
    : metrics_(metrics), dns_(std::move(dns)) {}

ProbeEndpoint::~ProbeEndpoint() { stop(); }

void ProbeEndpoint::configure(std::optional<Settings> settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings ? std::make_shared<const Settings>(*std::move(settings)) : nullptr;
  if (!settings_ || worker_) return;
  worker_ = std::make_unique<ProbeWorker>(metrics_);
  for (const char* outcome : {kAnswered, kBadRequest, kForbidden, kUnavailable, kAbandoned}) {
    metrics_.add_counter(kRequests, {{"outcome", outcome}}, 0);
  }
}

void ProbeEndpoint::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  if (worker_) worker_->stop(stopping());
}

std::shared_ptr<const ProbeEndpoint::Settings> ProbeEndpoint::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

bool ProbeEndpoint::is_enabled() const { return settings() != nullptr; }

void ProbeEndpoint::probe(const web::ProbeRequest& request, std::function<bool()> is_abandoned,
                          Done done) {
  const base::TimePoint now = base::Clock::now();
  const auto settings = this->settings();
  if (!settings) return done(refusal(404, "/probe is not configured"));
  auto query = parse_probe_query(request, settings->probes);
  if (!query) return answer(refusal(400, query.error().message), done);
  ProbeRun::Options options{.query = *std::move(query),
                            .deadline = now,
                            .limits = settings->limits,
                            .grid = settings->grid,
                            .is_abandoned = std::move(is_abandoned),
                            .dns = dns_};
  options.deadline += options.query.window;
  options.dns.query_timeout = settings->query_timeout;
  if (const auto refused = submit(std::move(options), done)) answer(refused, done);
}

std::optional<web::ProbeAnswer> ProbeEndpoint::submit(ProbeRun::Options options, const Done& done) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return stopping();
  if (active_ >= options.limits.max_concurrent) {
    return refusal(503, "as many bursts as probe_endpoint.max_concurrent allows (" +
                            std::to_string(options.limits.max_concurrent) + ") are under way");
  }
  ++active_;
  // Under the lock, so that nothing comes after stop().
  worker_->start(std::move(options), [this, done](const std::optional<web::ProbeAnswer>& result) {
    {
      const std::lock_guard lock(mutex_);
      --active_;
    }
    answer(result, done);
  });
  return std::nullopt;
}

void ProbeEndpoint::answer(const std::optional<web::ProbeAnswer>& result, const Done& done) {
  metrics_.add_counter(kRequests, {{"outcome", outcome_of(result)}}, 1);
  done(result.value_or(refusal(503, "nobody waits for the answer")));
}

}  // namespace rtt::app
