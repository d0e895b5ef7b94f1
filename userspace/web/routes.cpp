#include "web/routes.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "web/gzip_stream.h"
#include "web/negotiation.h"
#include "web/page.h"

namespace rtt::web {
namespace {

Response text(int status, std::string body) { return {status, kPlainText, std::move(body), {}}; }

Response not_allowed(const char* allowed) {
  Response response = text(405, std::string("Allowed here: ") + allowed + "\n");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

void add_common_headers(Response& response) {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Cache-Control", "no-store");
}

// Of a request, what the format of its answer depends on.
struct Wanted {
  metrics::Format format;
  bool gzip;

  explicit Wanted(const Request& request)
      : format(negotiate_format(request.header("Accept"))),
        gzip(wants_gzip(request.header("Accept-Encoding"))) {}
};

Response metrics_response(metrics::Exposition& exposition, const Wanted& wanted) {
  const std::shared_ptr<metrics::Scrape> scrape = exposition.scrape(wanted.format);
  Response response;
  response.content_type = content_type(wanted.format);
  response.stream = {[scrape](char* to, std::size_t size) { return scrape->read(to, size); },
                     scrape->memory()};
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (wanted.gzip) compress(response);
  return response;
}

Response probe_response(const ProbeAnswer& answer, const Wanted& wanted) {
  if (!answer.series) {
    Response response = text(answer.status, answer.refusal + "\n");
    if (answer.status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  metrics::SeriesStore store;
  store.replace(answer.series);
  metrics::ExporterMetrics none;
  metrics::Exposition exposition(store, none);
  return metrics_response(exposition, wanted);
}

}  // namespace

struct Routes::Route {
  std::string_view path;
  bool changes_state;  // POST, else GET and HEAD
  Response (Routes::*answer)(const Request&) const;
};

const Routes::Route Routes::kFixed[] = {
    {"/", false, &Routes::page},
    {"/probe", false, &Routes::probe},
    {"/-/healthy", false, &Routes::healthy},
    {"/-/ready", false, &Routes::ready},
    {"/-/reload", true, &Routes::reload},
};

Routes::Routes(const ServerOptions& options, Backend backend)
    : telemetry_path_(options.telemetry_path),
      version_(options.version),
      backend_(std::move(backend)) {}

Response Routes::answer(const Request& request) const {
  const auto run = [this, &request](const Route& route) {
    const bool allowed = route.changes_state ? request.method == "POST"
                                             : request.method == "GET" || request.method == "HEAD";
    return allowed ? (this->*route.answer)(request)
                   : not_allowed(route.changes_state ? "POST" : "GET, HEAD");
  };
  Response response;
  if (request.path == telemetry_path_) {
    response = run({telemetry_path_, false, &Routes::metrics});
  } else {
    const Route* const end = std::end(kFixed);
    const Route* const route = std::find_if(
        std::begin(kFixed), end, [&](const Route& known) { return known.path == request.path; });
    const bool exists = route != end && (route->answer != &Routes::probe || has_probing());
    response = exists ? run(*route) : no_such_page();
  }
  add_common_headers(response);
  return response;
}

Response Routes::page(const Request&) const {
  backend_.exposition.collect();
  const PageContent content{.version = version_,
                            .telemetry_path = telemetry_path_,
                            .ready = backend_.ready(),
                            .sources = backend_.sources(),
                            .peers = tabulate(*backend_.store.current(), kMaxPageRows)};
  return {200,
          "text/html; charset=utf-8",
          render_page(content),
          {{"Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"},
           {"Referrer-Policy", "no-referrer"}}};
}

Response Routes::metrics(const Request& request) const {
  return metrics_response(backend_.exposition, Wanted(request));
}

Response Routes::probe(const Request& request) const {
  Response response;
  response.later =
      [probing = backend_.probing, wanted = Wanted(request),
       asked = ProbeRequest{request.query, request.header("X-Prometheus-Scrape-Timeout-Seconds")}](
          std::function<bool()> is_abandoned, const Response::Done& done) {
        probing->probe(asked, std::move(is_abandoned), [done, wanted](const ProbeAnswer& answer) {
          Response later = probe_response(answer, wanted);
          add_common_headers(later);
          done(std::move(later));
        });
      };
  return response;
}

Response Routes::no_such_page() const {
  return text(404, "There is no such page. The metrics are at " + telemetry_path_ + ".\n");
}

Response Routes::healthy(const Request&) const { return text(200, "rtt_exporter is healthy.\n"); }

Response Routes::ready(const Request&) const {
  return backend_.ready() ? text(200, "rtt_exporter is ready.\n")
                          : text(503, "rtt_exporter is starting.\n");
}

Response Routes::reload(const Request&) const {
  const auto outcome = backend_.reload();
  if (outcome) return text(200, "The new configuration is in force.\n");
  return text(500, "The old configuration stays in force: " + outcome.error().message + "\n");
}

}  // namespace rtt::web
