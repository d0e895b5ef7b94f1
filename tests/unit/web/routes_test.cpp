#include "web/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "unit/web/fixture.h"

namespace rtt::web {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class RoutesTest : public testing::Test {
 protected:
  Response get(std::string_view path) { return routes_.answer({"GET", path}); }
  Response scrape(const char* header, const char* value) {
    return routes_.answer({"GET", "/metrics", {{header, value}}});
  }
  // In pieces of an odd size.
  static std::string body_of(const Response& response) {
    std::string body;
    char piece[777];
    while (const std::size_t size = response.stream.read(piece, sizeof piece)) {
      body.append(piece, size);
    }
    return body;
  }
  static std::string gunzip(const std::string& compressed) {
    z_stream zlib{};
    EXPECT_EQ(inflateInit2(&zlib, MAX_WBITS + 16), Z_OK);
    std::string text(1 << 20, '\0');
    std::string in = compressed;
    zlib.next_in = reinterpret_cast<Bytef*>(in.data());
    zlib.avail_in = static_cast<uInt>(in.size());
    zlib.next_out = reinterpret_cast<Bytef*>(text.data());
    zlib.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(zlib.avail_in, 0U);
    text.resize(text.size() - zlib.avail_out);
    inflateEnd(&zlib);
    return text;
  }

  Program program_;
  Routes routes_{plain_options(), program_.backend()};
};

TEST_F(RoutesTest, ServesTheExpositionAsPrometheusText) {
  program_.exporter.set_gauge({"rtt_exporter_things", "Things."}, {}, 7);
  const Response response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  std::string text(100'000, '\0');
  text.resize(response.stream.read(text.data(), text.size()));
  EXPECT_THAT(text, HasSubstr("rtt_exporter_things 7\n"));
}

TEST_F(RoutesTest, ServesTheFormatThatTheClientPrefers) {
  program_.exporter.set_gauge({"rtt_exporter_things", "Things."}, {}, 7);
  const Response open_metrics = scrape("Accept", "application/openmetrics-text;version=1.0.0");
  EXPECT_EQ(open_metrics.content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(body_of(open_metrics), testing::EndsWith("rtt_exporter_things 7\n# EOF\n"));
  const Response protobuf =
      scrape("accept",
             "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
             "encoding=delimited");
  EXPECT_THAT(protobuf.content_type, testing::StartsWith("application/vnd.google.protobuf"));
  EXPECT_THAT(body_of(protobuf), HasSubstr("rtt_exporter_things"));
}

TEST_F(RoutesTest, CompressesTheMetricsForThoseWhoWantIt) {
  for (int i = 0; i < 2000; ++i) {
    program_.exporter.set_gauge({"rtt_exporter_things", "Things."}, {{"i", std::to_string(i)}}, i);
  }
  const Response plain = scrape("Accept-Encoding", "identity");
  const Response compressed = scrape("Accept-Encoding", "gzip");
  EXPECT_THAT(plain.headers, Contains(Pair("Vary", "Accept, Accept-Encoding")));
  EXPECT_THAT(plain.headers, testing::Not(Contains(Pair("Content-Encoding", testing::_))));
  EXPECT_THAT(compressed.headers, Contains(Pair("Content-Encoding", "gzip")));
  const std::string text = body_of(plain);
  const std::string small = body_of(compressed);
  EXPECT_EQ(gunzip(small), text);
  EXPECT_LT(small.size(), text.size() / 4);
}

TEST_F(RoutesTest, ServesTheMetricsWhereTheOptionsSay) {
  ServerOptions options = plain_options();
  options.telemetry_path = "/elsewhere";
  const Routes routes(options, program_.backend());
  EXPECT_EQ(routes.answer({"GET", "/elsewhere"}).status, 200);
  EXPECT_EQ(routes.answer({"GET", "/metrics"}).status, 404);
}

TEST_F(RoutesTest, CollectsBeforeThePage) {
  struct Counting : metrics::Collector {
    int calls = 0;
    void collect() override { ++calls; }
  };
  const auto collector = std::make_shared<Counting>();
  program_.exposition.set_collectors({collector});
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(collector->calls, 1);
}

TEST_F(RoutesTest, ForbidsThePageEverythingButItsStyle) {
  EXPECT_THAT(get("/").headers,
              Contains(Pair("Content-Security-Policy", HasSubstr("default-src 'none'"))));
}

TEST_F(RoutesTest, IsHealthyAlsoBeforeItIsReady) {
  program_.ready = false;
  EXPECT_EQ(get("/-/healthy").status, 200);
}

TEST_F(RoutesTest, IsReadyWhenTheProgramSaysSo) {
  program_.ready = false;
  EXPECT_EQ(get("/-/ready").status, 503);
  program_.ready = true;
  EXPECT_EQ(get("/-/ready").status, 200);
}

TEST_F(RoutesTest, ReloadsOnPost) {
  EXPECT_EQ(routes_.answer({"POST", "/-/reload"}).status, 200);
  EXPECT_EQ(program_.reloads, 1);
}

TEST_F(RoutesTest, SaysWhyAReloadWasRefused) {
  program_.reload_outcome = base::Error{"rtt.yml:3:5: no such probe 'ping'"};
  const Response response = routes_.answer({"POST", "/-/reload"});
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("rtt.yml:3:5: no such probe 'ping'"));
}

TEST_F(RoutesTest, DoesNotReloadOnGet) {
  const Response response = get("/-/reload");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, Contains(Pair("Allow", "POST")));
  EXPECT_EQ(program_.reloads, 0);
}

TEST_F(RoutesTest, AllowsOnlyReadingElsewhere) {
  for (const char* path : {"/", "/metrics", "/-/healthy", "/-/ready"}) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
      const Response response = routes_.answer({method, path});
      EXPECT_EQ(response.status, 405) << method << " " << path;
      EXPECT_THAT(response.headers, Contains(Pair("Allow", "GET, HEAD")));
    }
    EXPECT_EQ(routes_.answer({"HEAD", path}).status, 200) << path;
  }
}

TEST_F(RoutesTest, KnowsNoOtherPath) {
  for (const char* path : {"", "/metrics/", "/metricsx", "/index.html", "/-/", "/-/quit",
                           "/etc/passwd", "/../../etc/passwd", "*", "metrics"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(RoutesTest, LetsNoBrowserGuessTypes) {
  for (const char* path : {"/", "/metrics", "/nowhere", "/-/reload"}) {
    EXPECT_THAT(get(path).headers, Contains(Pair("X-Content-Type-Options", "nosniff"))) << path;
  }
}

}  // namespace
}  // namespace rtt::web
