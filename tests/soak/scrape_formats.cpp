#include "soak/scrape_formats.h"

#include <google/protobuf/io/coded_stream.h>
#include <zlib.h>

#include <array>

#include "client_model.pb.h"
#include "support/scrape_rules.h"

namespace rtt::soak {
namespace {

using support::HttpResponse;
using Problems = std::vector<std::string>;

Problems in_text(const std::string& body) {
  const auto scrape = support::Scrape::parse(body);
  if (!scrape) return {scrape.error().message};
  return support::broken_rules(*scrape);
}

Problems in_open_metrics(const std::string& body) {
  if (!body.ends_with("\n# EOF\n")) return {"OpenMetrics without its end"};
  if (body.find("rtt_seconds_bucket{") == body.npos) return {"OpenMetrics without round trips"};
  return {};
}

Problems in_protobuf(const std::string& body) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(body.data()),
                                            static_cast<int>(body.size()));
  bool round_trips = false;
  std::uint32_t size = 0;
  while (in.ReadVarint32(&size)) {
    const auto limit = in.PushLimit(static_cast<int>(size));
    io::prometheus::client::MetricFamily family;
    if (!family.ParseFromCodedStream(&in)) return {"a protobuf family cannot be read"};
    if (family.metric().empty()) return {"the protobuf family " + family.name() + " is empty"};
    round_trips |= family.name() == "rtt_seconds";
    in.PopLimit(limit);
  }
  if (in.CurrentPosition() != static_cast<int>(body.size()))
    return {"the protobuf answer ends within a family"};
  return round_trips ? Problems() : Problems{"protobuf without round trips"};
}

Problems inflated(const std::string& body, Problems (*problems)(const std::string&)) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return {"zlib does not start"};
  std::string text;
  std::array<char, 65536> piece{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || stream.avail_in > 0) return {"the gzip answer is not whole"};
  return problems(text);
}

template <Problems (*problems)(const std::string&)>
Problems plain(const HttpResponse& response) {
  if (response.headers.contains("content-encoding")) return {"gzip that nobody asked for"};
  return problems(response.body);
}

template <Problems (*problems)(const std::string&)>
Problems gzipped(const HttpResponse& response) {
  if (!response.headers.contains("content-encoding")) return {"not gzip as was asked for"};
  return inflated(response.body, problems);
}

constexpr const char* kGzip = "Accept-Encoding: gzip\r\n";
constexpr const char* kOpenMetrics = "Accept: application/openmetrics-text;version=1.0.0\r\n";
constexpr const char* kProtobuf =
    "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
    "encoding=delimited\r\n";

}  // namespace

const std::vector<ScrapeFormat>& scrape_formats() {
  static const std::vector<ScrapeFormat> formats = {
      {"text", "", plain<in_text>},
      {"text, gzip", kGzip, gzipped<in_text>},
      {"OpenMetrics", kOpenMetrics, plain<in_open_metrics>},
      {"OpenMetrics, gzip", std::string(kOpenMetrics) + kGzip, gzipped<in_open_metrics>},
      {"protobuf", kProtobuf, plain<in_protobuf>},
      {"protobuf, gzip", std::string(kProtobuf) + kGzip, gzipped<in_protobuf>}};
  return formats;
}

}  // namespace rtt::soak
