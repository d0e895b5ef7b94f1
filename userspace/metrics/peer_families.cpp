#include "metrics/peer_families.h"

#include "metrics/text_writer.h"

namespace rtt::metrics {
namespace {

void write_rtt(const SeriesSet& set, TextWriter& writer) {
  writer.family(
      "rtt_seconds", "histogram",
      "Round-trip times by method, not smoothed unless said here. icmp, tcp_echo: kernel packet "
      "timestamps of request and reply. tcp_connect: the kernel's handshake RTT of the probe's "
      "socket (for a refused connection the time until the reset). tcp_probe: raw samples of real "
      "connections, one per ACK of new data. tcp_handshake: handshakes of real connections. "
      "tcp_info: the smoothed RTT (srtt) of each established connection, once per poll.");
  const auto write = [&writer](const Series& series, auto& scratch) {
    if (!scratch) {
      scratch.emplace(series.snapshot().histogram);
    } else {
      series.copy_histogram(*scratch);
    }
    writer.histogram(series.label_text(), *scratch);
  };
  std::optional<Histogram> scratch;
  for (const auto& series : set.probes()) write(*series, scratch);
  for (const auto& series : set.passive()) write(*series, scratch);
}

void write_differences(const SeriesSet& set, TextWriter& writer) {
  writer.family("rtt_difference_seconds", "gauge",
                "Median RTT of the method minus median RTT of icmp, both over the last minute.");
  for (const auto& [series, reference] : set.comparisons()) {
    const auto median = series->median();
    const auto reference_median = reference->median();
    if (!median || !reference_median) continue;
    writer.sample(series->label_text(), base::to_seconds(*median - *reference_median));
  }
}

struct ProbeState {
  const ProbeSeries* series;
  ProbeSeries::ProbeSnapshot snapshot;
};

using ProbeStates = std::vector<ProbeState>;

void write_smoothed(const ProbeStates& probes, TextWriter& writer) {
  writer.family("rtt_smoothed_seconds", "gauge",
                "Exponentially weighted moving average of the probes' RTT, weight 0.2.");
  for (const auto& [series, state] : probes) {
    if (state.smoothed) writer.sample(series->label_text(), base::to_seconds(*state.smoothed));
  }
  writer.family("rtt_jitter_seconds", "gauge",
                "Interarrival jitter as in RFC 3550, of the probes' RTT.");
  for (const auto& [series, state] : probes) {
    if (state.smoothed) writer.sample(series->label_text(), base::to_seconds(state.jitter));
  }
}

struct LedgerFamily {
  const char* name;
  const char* type;
  const char* help;
  std::uint64_t ProbeLedger::* value;
};

constexpr LedgerFamily kLedgerFamilies[] = {
    {"rtt_probes_sent_total", "counter",
     "Probes started; always replied + lost + failed + in flight.", &ProbeLedger::sent},
    {"rtt_probes_replied_total", "counter", "Probes answered within their timeout.",
     &ProbeLedger::replied},
    {"rtt_probes_lost_total", "counter", "Probes not answered within their timeout.",
     &ProbeLedger::lost},
    {"rtt_probes_late_total", "counter",
     "Replies after the timeout; their probes stay counted as lost.", &ProbeLedger::late},
    {"rtt_probes_duplicate_total", "counter", "Further replies to probes that had one.",
     &ProbeLedger::duplicate},
    {"rtt_probes_in_flight", "gauge", "Probes neither answered nor given up yet.",
     &ProbeLedger::in_flight},
};

void write_ledger(const ProbeStates& probes, TextWriter& writer) {
  for (const LedgerFamily& family : kLedgerFamilies) {
    writer.family(family.name, family.type, family.help);
    for (const auto& [series, state] : probes) {
      writer.sample(series->label_text(), state.ledger.*family.value);
    }
  }
  writer.family("rtt_probes_failed_total", "counter",
                "Probes that ended for another cause than silence, by reason.");
  for (const auto& [series, state] : probes) {
    for (const FailureReason reason : series->reasons()) {
      writer.sample(series->label_text(), "reason", to_string(reason),
                    state.ledger.failed[static_cast<std::size_t>(reason)]);
    }
  }
  writer.family("rtt_probe_up", "gauge", "Whether the last finished probe got its reply.");
  for (const auto& [series, state] : probes) {
    writer.sample(series->label_text(), std::uint64_t{state.ledger.up});
  }
}

struct ConnectionCounts {
  std::uint64_t connections;
  std::uint64_t segments_sent;
  std::uint64_t segments_retransmitted;
};

struct SegmentFamily {
  const char* name;
  const char* type;
  const char* help;
  std::uint64_t ConnectionCounts::* value;
};

constexpr SegmentFamily kSegmentFamilies[] = {
    {"rtt_tcp_connections", "gauge", "Established TCP connections, as of the last poll.",
     &ConnectionCounts::connections},
    {"rtt_tcp_segments_sent_total", "counter",
     "TCP segments with data sent by connections to the peer, retransmissions included, pure ACKs "
     "not; counted from the exporter's first poll on.",
     &ConnectionCounts::segments_sent},
    {"rtt_tcp_segments_retransmitted_total", "counter",
     "TCP segments retransmitted by connections to the peer, SYN and FIN included.",
     &ConnectionCounts::segments_retransmitted},
};

// Each series is copied twice, one after the other: a copy of all histograms would be as large as
// all series.
void write_connections(const SeriesSet& set, TextWriter& writer) {
  ConnectionSeries::Snapshot scratch = set.connections().front()->snapshot();
  std::vector<ConnectionCounts> counts;
  counts.reserve(set.connections().size());
  writer.family(
      "rtt_tcp_min_seconds", "histogram",
      "Lowest RTT of each established TCP connection, as the kernel keeps it, once per poll.");
  for (const auto& series : set.connections()) {
    series->copy_snapshot(scratch);
    writer.histogram(series->label_text(), scratch.min_rtt);
    counts.push_back({scratch.connections, scratch.segments_sent, scratch.segments_retransmitted});
  }
  writer.family("rtt_tcp_queueing_seconds", "histogram",
                "Smoothed RTT minus lowest RTT of each established TCP connection, once per poll.");
  for (const auto& series : set.connections()) {
    series->copy_snapshot(scratch);
    writer.histogram(series->label_text(), scratch.queueing);
  }
  for (const SegmentFamily& family : kSegmentFamilies) {
    writer.family(family.name, family.type, family.help);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      writer.sample(set.connections()[i]->label_text(), counts[i].*family.value);
    }
  }
}

}  // namespace

void append_peer_families(const SeriesSet& set, std::string& out) {
  TextWriter writer(out);
  write_rtt(set, writer);
  write_differences(set, writer);
  ProbeStates probes;
  probes.reserve(set.probes().size());
  for (const auto& series : set.probes()) {
    probes.push_back({series.get(), series->probe_snapshot()});
  }
  write_smoothed(probes, writer);
  write_ledger(probes, writer);
  if (!set.connections().empty()) write_connections(set, writer);
}

}  // namespace rtt::metrics
