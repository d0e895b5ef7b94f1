#include "web/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/web/fixture.h"

namespace rtt::web {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class RoutesTest : public testing::Test {
 protected:
  Response get(std::string_view path) { return routes_.answer({"GET", path}); }

  Program program_;
  Routes routes_{options_on({}), program_.backend()};
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

TEST_F(RoutesTest, ServesTheMetricsWhereTheOptionsSay) {
  ServerOptions options = options_on({});
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
