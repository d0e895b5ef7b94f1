#include "web/page.h"

#include <array>
#include <cstdio>
#include <string_view>

#include "web/html.h"
#include "web/page_style.h"

namespace rtt::web {
namespace {

struct MethodText {
  std::string_view method;
  std::string_view kind;
  std::string_view meaning;
};

constexpr std::array<MethodText, 9> kMethodTexts = {{
    {"icmp", "ping", "Echo request to reply, kernel timestamps."},
    {"tcp_connect", "probe", "SYN to SYN-ACK of a connection made to measure."},
    {"tcp_echo", "probe", "A small message and its echo on one long-lived connection."},
    {"udp_echo", "probe", "A UDP datagram and its echo, kernel timestamps."},
    {"http", "probe", "First request byte to first response byte."},
    {"tcp_handshake", "connections",
     "SYN to SYN-ACK, or SYN-ACK to ACK, of this host's connections, probes included."},
    {"tcp_probe", "connections", "Data to its ACK on this host's connections, probes included."},
    {"tcp_info", "connections", "The kernel's smoothed RTT of established connections."},
    {"forwarded", "routed traffic", "Timestamps of connections routed through this host."},
}};

void append(std::string& out, std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) out += piece;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return format_count(count) + " " + std::string(count == 1 ? one : many);
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  const double value = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (value < 0.01) return "less than 0.01 %";
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), value < 9.95 ? "%.2g %%" : "%.0f %%", value);
  return text.data();
}

void append_header(std::string& out, const PageContent& content) {
  append(out, {"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n",
               "<link rel=\"icon\" href=\"data:,\">\n<title>rtt_exporter</title>\n<style>",
               kPageStyle, "</style>\n</head>\n<body>\n<header><h1>rtt_exporter</h1><span>version ",
               escape_html(content.version), "</span>",
               content.ready ? "" : "<span><i class=\"dot\"></i>starting</span>", "<nav><a href=\"",
               escape_html(content.telemetry_path),
               "\">Metrics</a><a href=\"/-/healthy\">Health</a><a href=\"/-/ready\">Readiness</a>",
               "</nav></header>\n"});
}

void append_sources(std::string& out, const std::vector<Backend::Source>& sources) {
  if (sources.empty()) return;
  out += "<h2>Sources</h2>\n<ul>\n";
  for (const Backend::Source& source : sources) {
    append(out,
           {"<li", source.up ? "" : " class=\"off\"", "><i class=\"dot ", source.up ? "up" : "down",
            "\"></i>", escape_html(source.name), source.up ? "" : " is off"});
    if (!source.up) append(out, {"<span>", escape_html(source.reason), "</span>"});
    out += "</li>\n";
  }
  out += "</ul>\n";
}

void append_summary(std::string& out, const PeerMatrix& peers) {
  append(out, {"<h2>Round trips</h2>\n<p>", counted(peers.peers, "peer", "peers"), ", ",
               counted(peers.series, "series", "series"), ". "});
  if (peers.probes_down > 0) {
    append(out, {"<i class=\"dot down\"></i>", counted(peers.probes_down, "probe", "probes"),
                 " without a reply. "});
  }
  out +=
      "Each value is the median of the last minute; where single values are known, the last one "
      "stands below.";
  if (peers.rows.size() < peers.peers) {
    append(out, {" This page shows ", format_count(peers.rows.size()),
                 " peers, those with a probe that is down first; the metrics have all."});
  }
  if (peers.series_dropped > 0) {
    append(out, {" ", counted(peers.series_dropped, "series does", "series do"),
                 " not fit into limits.max_series."});
  }
  out += "</p>\n";
}

void append_column_heads(std::string& out, const std::vector<std::string>& methods) {
  out += "<thead><tr><th scope=\"col\">Peer</th>";
  for (const std::string& method : methods) {
    MethodText text{method, "", ""};
    for (const MethodText& known : kMethodTexts) {
      if (known.method == method) text = known;
    }
    append(out, {"<th scope=\"col\"", method == metrics::kReferenceMethod ? " class=\"ref\"" : "",
                 " title=\"", text.meaning, "\">", escape_html(method), "<small>", text.kind,
                 "</small></th>"});
  }
  out += "</tr></thead>\n";
}

void append_cell(std::string& out, const Cell& cell, bool is_reference) {
  const bool down = cell.probe == Cell::Probe::kDown;
  append(out, {"<td", down ? " class=\"bad\"" : is_reference ? " class=\"ref\"" : "", ">"});
  if (cell.probe == Cell::Probe::kUp || down) {
    append(out,
           {"<i class=\"dot ", down ? "down\" title=\"no reply\"" : "up\" title=\"up\"", "></i>"});
  }
  out += cell.median ? format_rtt(*cell.median)
                     : "<span class=\"none\" title=\"nothing in the last minute\">–</span>";
  if (cell.difference) {
    append(out, {"<small>", cell.difference->count() < 0 ? "" : "+", format_rtt(*cell.difference),
                 " to ICMP</small>"});
  }
  if (cell.last) append(out, {"<small>last ", format_rtt(*cell.last), "</small>"});
  if (cell.probe == Cell::Probe::kStarting) out += "<small>no probe finished</small>";
  if (cell.unsuccessful > 0) {
    append(out, {"<small class=\"why\" title=\"", format_count(cell.unsuccessful), " of ",
                 format_count(cell.finished), " probes\">",
                 percent(cell.unsuccessful, cell.finished), " without success</small>"});
  }
  out += "</td>";
}

void append_row(std::string& out, const Row& row, const std::vector<std::string>& methods) {
  append(out, {"<tr><td>", row.peer.empty() ? "every other peer" : escape_html(row.peer),
               row.owner.empty() ? "" : " <small>" + escape_html(row.owner) + "</small>", "</td>"});
  for (const std::string& method : methods) {
    const bool is_reference = method == metrics::kReferenceMethod;
    const auto cell = row.cells.find(method);
    if (cell != row.cells.end()) {
      append_cell(out, cell->second, is_reference);
    } else {
      append(out, {"<td", is_reference ? " class=\"ref\"" : "", "></td>"});
    }
  }
  out += "</tr>\n";
}

void append_peers(std::string& out, const PeerMatrix& peers) {
  if (peers.rows.empty()) {
    out += "<h2>Round trips</h2>\n<p>Nothing is measured: the configuration has no targets.</p>\n";
    return;
  }
  append_summary(out, peers);
  out += "<div class=\"frame\"><table>\n";
  append_column_heads(out, peers.methods);
  const std::string* target = nullptr;
  for (const Row& row : peers.rows) {
    if (target == nullptr || *target != row.target) {
      append(out, {target == nullptr ? "" : "</tbody>\n", "<tbody><tr><th scope=\"rowgroup\"",
                   " colspan=\"", std::to_string(peers.methods.size() + 1), "\">",
                   escape_html(row.target), "</th></tr>\n"});
      target = &row.target;
    }
    append_row(out, row, peers.methods);
  }
  out += "</tbody></table></div>\n";
}

}  // namespace

std::string render_page(const PageContent& content) {
  std::string out;
  append_header(out, content);
  append_sources(out, content.sources);
  append_peers(out, content.peers);
  out += "</body>\n</html>\n";
  return out;
}

}  // namespace rtt::web
