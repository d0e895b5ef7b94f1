#include "web/negotiation.h"

#include <gtest/gtest.h>

#include <string>

namespace rtt::web {
namespace {

using metrics::Format;

TEST(Negotiation, WithoutAnAcceptHeaderItIsText) { EXPECT_EQ(negotiate_format(""), Format::kText); }

TEST(Negotiation, ABrowserGetsText) {
  EXPECT_EQ(negotiate_format("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            Format::kText);
}

TEST(Negotiation, AnythingIsText) { EXPECT_EQ(negotiate_format("*/*"), Format::kText); }

TEST(Negotiation, PrometheusGetsOpenMetrics) {
  EXPECT_EQ(
      negotiate_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                       "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      Format::kOpenMetrics);
}

TEST(Negotiation, PrometheusWithNativeHistogramsGetsProtobuf) {
  EXPECT_EQ(negotiate_format(
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
                "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
                "*/*;q=0.1"),
            Format::kProtobuf);
}

TEST(Negotiation, Prometheus3GetsWhatItPrefersOfWhatThereIs) {
  EXPECT_EQ(
      negotiate_format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                       "application/openmetrics-text;version=0.0.1;q=0.5,"
                       "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
      Format::kOpenMetrics);
}

TEST(Negotiation, TheHigherWeightWins) {
  EXPECT_EQ(negotiate_format("application/openmetrics-text;q=0.2, text/plain;q=0.3"),
            Format::kText);
  EXPECT_EQ(negotiate_format("text/plain;q=0.3, application/openmetrics-text;q=0.31"),
            Format::kOpenMetrics);
}

TEST(Negotiation, OfEqualWeightsTheFirstWins) {
  EXPECT_EQ(negotiate_format("application/openmetrics-text,text/plain"), Format::kOpenMetrics);
  EXPECT_EQ(negotiate_format("text/plain,application/openmetrics-text"), Format::kText);
}

TEST(Negotiation, WhatIsNamedGoesBeforeAWildcard) {
  EXPECT_EQ(negotiate_format("*/*, application/openmetrics-text"), Format::kOpenMetrics);
  EXPECT_EQ(negotiate_format("text/*;q=0.9, application/*;q=0.1"), Format::kText);
}

TEST(Negotiation, WeightZeroIsARefusal) {
  EXPECT_EQ(negotiate_format("application/openmetrics-text;q=0, */*;q=0.1"), Format::kText);
  EXPECT_EQ(negotiate_format("text/plain;q=0, */*;q=0.1"), Format::kOpenMetrics);
}

TEST(Negotiation, AnotherVersionIsAnotherFormat) {
  EXPECT_EQ(negotiate_format("application/openmetrics-text;version=2.0.0, text/plain;q=0.1"),
            Format::kText);
}

TEST(Negotiation, ProtobufMustBeTheRightMessageAndDelimited) {
  for (const char* accept :
       {"application/vnd.google.protobuf",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
        "application/vnd.google.protobuf;proto=other.Message;encoding=delimited",
        "application/vnd.google.protobuf;encoding=delimited"}) {
    EXPECT_EQ(negotiate_format(accept), Format::kText) << accept;
  }
}

TEST(Negotiation, NamesAreCaseInsensitiveAndSpacesAreFree) {
  EXPECT_EQ(
      negotiate_format("Application/OpenMetrics-Text ;\tVersion=\"1.0.0\" ; Q=0.9 , */* ; q=0.1"),
      Format::kOpenMetrics);
}

TEST(Negotiation, WhatCannotBeParsedIsPassedOver) {
  for (const char* weight : {"", "x", "-1", "1.1", "nan", "0.5x", "1e400"}) {
    EXPECT_EQ(negotiate_format(std::string("application/openmetrics-text;q=") + weight +
                               ",text/plain;q=0.1"),
              Format::kText)
        << weight;
  }
  EXPECT_EQ(negotiate_format(",;,=;,\"\",application/openmetrics-text,\"unclosed \\"),
            Format::kOpenMetrics);
}

TEST(Negotiation, AnEndlessHeaderIsReadToABound) {
  std::string header;
  for (int i = 0; i < 100'000; ++i) header += "a/b;q=0.1,";
  EXPECT_EQ(negotiate_format(header + "application/openmetrics-text"), Format::kText);
}

TEST(Negotiation, GzipOnlyForThoseWhoWantIt) {
  for (const char* yes : {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, *;q=0.5", "*",
                          "br, *;q=0.1", "gzip;q=0.001", "identity;q=0.5, gzip"}) {
    EXPECT_TRUE(wants_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "deflate", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=x",
                         "identity, gzip;q=0.5", "notgzip"}) {
    EXPECT_FALSE(wants_gzip(no)) << no;
  }
}

TEST(Negotiation, TheContentTypeNamesTheFormat) {
  for (const Format format : {Format::kText, Format::kOpenMetrics, Format::kProtobuf}) {
    EXPECT_EQ(negotiate_format(content_type(format)), format);
  }
}

}  // namespace
}  // namespace rtt::web
