#include "metrics/peer_families.h"

#include <utility>

#include "metrics/http_families.h"

namespace rtt::metrics {
namespace {

using Readings = SeriesReadings;

void add_rtt(const Readings& readings, Families& families) {
  families.push_back(
      {"rtt_seconds", FamilyType::kHistogram,
       "Round-trip times by method, not smoothed unless said here. icmp, tcp_echo, udp_echo: "
       "kernel packet timestamps of request and reply (of a refused udp_echo and its refusal). "
       "tcp_connect: the kernel's handshake RTT of the probe's socket (for a refused connection "
       "the time until the reset). http: request to first line of the response, timed in user "
       "space. tcp_probe: raw samples of real connections, one per ACK of new data. "
       "tcp_handshake: handshakes of real connections. tcp_info: the smoothed RTT (srtt) of each "
       "established connection, once per poll.",
       readings.rtts.size(), [&readings](std::size_t i, FamilyWriter& writer) {
         const Series& series = readings.set->rtt(i);
         const HistogramReading& histogram = readings.rtts[i].histogram;
         writer.histogram(series.key(), series.grid(), histogram, histogram.cells(readings.cells));
       }});
}

void add_differences(const Readings& readings, Families& families) {
  families.push_back(
      {"rtt_difference_seconds", FamilyType::kGauge,
       "Median RTT of the method minus median RTT of icmp, both over the last minute.",
       readings.set->comparisons().size(), [&readings](std::size_t i, FamilyWriter& writer) {
         const auto [series, reference] = readings.set->comparisons()[i];
         const auto median = readings.rtts[series].median;
         const auto reference_median = readings.rtts[reference].median;
         if (!median || !reference_median) return;
         writer.sample(readings.set->rtt(series).key(),
                       base::to_seconds(*median - *reference_median));
       }});
}

/// A family with what `write` makes of each probed series.
template <typename Write>
void add_probe_family(const Readings& readings, Family family, Write write, Families& families) {
  family.size = readings.probes.size();
  family.write = [&readings, write = std::move(write)](std::size_t i, FamilyWriter& writer) {
    write(*readings.set->probes()[i], readings.probes[i], writer);
  };
  families.push_back(std::move(family));
}

using ProbeSnapshot = ProbeSeries::ProbeSnapshot;

void add_smoothed(const Readings& readings, Families& families) {
  add_probe_family(
      readings,
      {"rtt_smoothed_seconds", FamilyType::kGauge,
       "Exponentially weighted moving average of the probes' RTT, weight 0.2."},
      [](const ProbeSeries& series, const ProbeSnapshot& state, FamilyWriter& writer) {
        if (state.smoothed) writer.sample(series.key(), base::to_seconds(*state.smoothed));
      },
      families);
  add_probe_family(
      readings,
      {"rtt_jitter_seconds", FamilyType::kGauge,
       "Interarrival jitter as in RFC 3550, of the probes' RTT."},
      [](const ProbeSeries& series, const ProbeSnapshot& state, FamilyWriter& writer) {
        if (state.smoothed) writer.sample(series.key(), base::to_seconds(state.jitter));
      },
      families);
}

struct LedgerFamily {
  const char* name;
  FamilyType type;
  const char* help;
  std::uint64_t ProbeLedger::* value;
};

constexpr LedgerFamily kLedgerFamilies[] = {
    {"rtt_probes_sent_total", FamilyType::kCounter,
     "Probes started; always replied + lost + failed + in flight.", &ProbeLedger::sent},
    {"rtt_probes_replied_total", FamilyType::kCounter, "Probes answered within their timeout.",
     &ProbeLedger::replied},
    {"rtt_probes_lost_total", FamilyType::kCounter, "Probes not answered within their timeout.",
     &ProbeLedger::lost},
    {"rtt_probes_late_total", FamilyType::kCounter,
     "Replies after the timeout; their probes stay counted as lost.", &ProbeLedger::late},
    {"rtt_probes_duplicate_total", FamilyType::kCounter, "Further replies to probes that had one.",
     &ProbeLedger::duplicate},
    {"rtt_probes_in_flight", FamilyType::kGauge, "Probes neither answered nor given up yet.",
     &ProbeLedger::in_flight},
};

void add_ledger(const Readings& readings, Families& families) {
  for (const LedgerFamily& family : kLedgerFamilies) {
    add_probe_family(
        readings, {family.name, family.type, family.help},
        [value = family.value](const ProbeSeries& series, const ProbeSnapshot& state,
                               FamilyWriter& writer) {
          writer.sample(series.key(), state.ledger.*value);
        },
        families);
  }
  add_probe_family(
      readings,
      {"rtt_probes_failed_total", FamilyType::kCounter,
       "Probes that ended for another cause than silence, by reason."},
      [](const ProbeSeries& series, const ProbeSnapshot& state, FamilyWriter& writer) {
        for (const FailureReason reason : series.reasons()) {
          writer.sample(series.key(), {"reason", to_string(reason)},
                        state.ledger.failed[static_cast<std::size_t>(reason)]);
        }
      },
      families);
  add_probe_family(
      readings,
      {"rtt_probe_up", FamilyType::kGauge, "Whether the last finished probe got its reply."},
      [](const ProbeSeries& series, const ProbeSnapshot& state, FamilyWriter& writer) {
        writer.sample(series.key(), std::uint64_t{state.ledger.up});
      },
      families);
}

void add_path_changes(const Readings& readings, Families& families) {
  add_probe_family(
      readings,
      {"rtt_path_changes_total", FamilyType::kCounter,
       "Replies whose TTL or hop limit differs from that of the reply before, from the same "
       "address "
       "and on the same identifier or source port."},
      [](const ProbeSeries& series, const ProbeSnapshot& state, FamilyWriter& writer) {
        if (series.features().path_changes) {
          writer.sample(series.key(), state.ledger.path_changes);
        }
      },
      families);
}

struct ConnectionFamily {
  const char* name;
  FamilyType type;
  const char* help;
  std::uint64_t ConnectionSeries::Reading::* value;
};

constexpr ConnectionFamily kConnectionFamilies[] = {
    {"rtt_tcp_connections", FamilyType::kGauge, "Established TCP connections, as of the last poll.",
     &ConnectionSeries::Reading::connections},
    {"rtt_tcp_segments_sent_total", FamilyType::kCounter,
     "TCP segments with data sent by connections to the peer, retransmissions included, pure ACKs "
     "not; counted from the exporter's first poll on.",
     &ConnectionSeries::Reading::segments_sent},
    {"rtt_tcp_segments_retransmitted_total", FamilyType::kCounter,
     "TCP segments retransmitted by connections to the peer, SYN and FIN included.",
     &ConnectionSeries::Reading::segments_retransmitted},
};

void add_connection_histogram(const Readings& readings, const char* name, const char* help,
                              HistogramReading ConnectionSeries::Reading::* histogram,
                              Families& families) {
  families.push_back({name, FamilyType::kHistogram, help, readings.connections.size(),
                      [&readings, histogram](std::size_t i, FamilyWriter& writer) {
                        const ConnectionSeries& series = *readings.set->connections()[i];
                        const HistogramReading& reading = readings.connections[i].*histogram;
                        writer.histogram(series.key(), series.grid(), reading,
                                         reading.cells(readings.cells));
                      }});
}

void add_connections(const Readings& readings, Families& families) {
  add_connection_histogram(
      readings, "rtt_tcp_min_seconds",
      "Lowest RTT of each established TCP connection, as the kernel keeps it, once per poll.",
      &ConnectionSeries::Reading::min_rtt, families);
  add_connection_histogram(
      readings, "rtt_tcp_queueing_seconds",
      "Smoothed RTT minus lowest RTT of each established TCP connection, once per poll.",
      &ConnectionSeries::Reading::queueing, families);
  for (const ConnectionFamily& family : kConnectionFamilies) {
    families.push_back({family.name, family.type, family.help, readings.connections.size(),
                        [&readings, value = family.value](std::size_t i, FamilyWriter& writer) {
                          writer.sample(readings.set->connections()[i]->key(),
                                        readings.connections[i].*value);
                        }});
  }
}

}  // namespace

Families peer_families(const SeriesReadings& readings) {
  Families families;
  add_rtt(readings, families);
  add_differences(readings, families);
  add_smoothed(readings, families);
  add_ledger(readings, families);
  add_path_changes(readings, families);
  add_http_families(readings, families);
  if (!readings.connections.empty()) add_connections(readings, families);
  return families;
}

}  // namespace rtt::metrics
