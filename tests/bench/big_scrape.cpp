#include "bench/big_scrape.h"

#include <numeric>

#include "support/http_client.h"
#include "support/setup_error.h"

namespace rtt::bench {

std::string scrape_text(const support::Namespace& where, std::uint16_t port) {
  const auto response = support::fetch({.where = &where, .port = port, .path = "/metrics"});
  if (!response) throw support::SetupError(response.error().message);
  return response->body;
}

std::vector<double> values_of(const std::string& text, const std::string& name) {
  std::vector<double> values;
  for_each_sample(text, name, [&](const std::string&, double value) { values.push_back(value); });
  return values;
}

double sum_of(const std::string& text, const std::string& name) {
  const auto values = values_of(text, name);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace rtt::bench
