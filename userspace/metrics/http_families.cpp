#include "metrics/http_families.h"

namespace rtt::metrics {
namespace {

using Reading = SeriesReadings::Http;

void add_phases(const SeriesReadings& readings, Families& families) {
  families.push_back(
      {"rtt_http_phase_seconds", FamilyType::kHistogram,
       "How long the phases of HTTP probes took. resolve: each lookup of the peer's name, whenever "
       "it is made. connect, tls: handshakes of new connections. first_byte: from the request to "
       "the first byte of the response. transfer: from there to its last byte.",
       readings.http.size() * kHttpPhaseCount, [&readings](std::size_t i, FamilyWriter& writer) {
         const Reading& http = readings.http[i / kHttpPhaseCount];
         const auto phase = static_cast<HttpPhase>(i % kHttpPhaseCount);
         const HistogramReading& histogram = http.reading.phases.at(i % kHttpPhaseCount);
         writer.histogram(http.series->key(phase), http.series->grid(), histogram,
                          histogram.cells(readings.cells));
       }});
}

void add_goodput(const SeriesReadings& readings, Families& families) {
  families.push_back(
      {"rtt_goodput_bytes_per_second", FamilyType::kGauge,
       "Payload per second of downloads, the harmonic mean over the last 16. whole: from the first "
       "read of the body on. steady: from a later read on, past the initial burst and slow start.",
       readings.http.size() * kGoodputWindowCount,
       [&readings](std::size_t i, FamilyWriter& writer) {
         const Reading& http = readings.http[i / kGoodputWindowCount];
         const auto& value = http.reading.goodput.at(i % kGoodputWindowCount);
         const auto window = static_cast<GoodputWindow>(i % kGoodputWindowCount);
         if (value) writer.sample(http.series->key(window), *value);
       }});
}

void add_downloads(const SeriesReadings& readings, Families& families) {
  const auto add = [&](const char* name, const char* help, auto write) {
    families.push_back({name, FamilyType::kCounter, help, readings.http.size(),
                        [&readings, write](std::size_t i, FamilyWriter& writer) {
                          const Reading& http = readings.http[i];
                          if (http.reading.downloads) write(http, writer);
                        }});
  };
  add("rtt_downloads_completed_total",
      "Downloads for rtt_goodput_bytes_per_second that came to their end or to one of their "
      "limits.",
      [](const Reading& http, FamilyWriter& writer) {
        writer.sample(http.series->key(), http.reading.downloads->completed);
      });
  add("rtt_downloads_lost_total", "Downloads without one byte of a body within their time.",
      [](const Reading& http, FamilyWriter& writer) {
        writer.sample(http.series->key(), http.reading.downloads->lost);
      });
  add("rtt_downloads_failed_total", "Downloads that ended for another cause, by reason.",
      [](const Reading& http, FamilyWriter& writer) {
        for (const FailureReason reason : http.series->reasons()) {
          writer.sample(http.series->key(), {"reason", to_string(reason)},
                        http.reading.downloads->failed.at(static_cast<std::size_t>(reason)));
        }
      });
}

}  // namespace

void add_http_families(const SeriesReadings& readings, Families& families) {
  if (readings.http.empty()) return;
  add_phases(readings, families);
  add_goodput(readings, families);
  add_downloads(readings, families);
}

}  // namespace rtt::metrics
