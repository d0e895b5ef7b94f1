#include "probers/http/engine.h"

#include "probers/http/prober.h"

namespace rtt::probers::http {

base::Result<std::unique_ptr<Engine>> HttpEngine::create(base::EventLoop& loop,
                                                         metrics::ExporterMetrics&) {
  // Once for the life of the process: libcurl and its TLS library cannot be set up twice.
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) {
    return base::Error{std::string("cannot set up libcurl: ") + curl_easy_strerror(result)};
  }
  return std::unique_ptr<Engine>(new HttpEngine(loop));
}

std::unique_ptr<Prober> HttpEngine::create_prober(const config::Probe& probe,
                                                  std::shared_ptr<metrics::ProbeSeries> series) {
  auto options = std::static_pointer_cast<const Options>(probe.options);
  return std::make_unique<HttpProber>(*this, std::move(options), probe.timeout, std::move(series));
}

std::shared_ptr<Multi> HttpEngine::multi() {
  std::erase_if(multis_, [](const auto& candidate) { return candidate.expired(); });
  for (const auto& candidate : multis_) {
    if (candidate.use_count() < kProbersPerMulti) return candidate.lock();
  }
  std::shared_ptr<Multi> created = Multi::create(loop_, kProbersPerMulti);
  if (created) multis_.push_back(created);
  return created;
}

}  // namespace rtt::probers::http
