// The configuration as typed, validated values (docs: config/rtt_exporter.yml).
//
// Plain values; copying a Config is cheap enough for a reload. A Config from the loader satisfies
// every rule that the comments below state.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_prefix.h"
#include "base/listen_address.h"

namespace rtt::config {

using std::chrono::nanoseconds;

/// What a method adds to a probe's common keys. Each method derives its own
/// (probers/<method>/options.h).
struct MethodOptions {
  virtual ~MethodOptions() = default;
  [[nodiscard]] virtual bool equals(const MethodOptions& other) const = 0;
};

struct Probe {
  std::string name;
  std::string method;      // of the method table
  nanoseconds interval{};  // 10 ms to 1 h
  nanoseconds timeout{};   // 1 ms to 1 min; may be longer than the interval
  std::shared_ptr<const MethodOptions> options;

  bool operator==(const Probe& other) const;
};

/// As configured, and parsed.
struct Network {
  std::string text;  // the value of the label `peer`
  base::IpPrefix prefix;
};

struct Target {
  std::string name;                                         // unique; not "other"
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by name
  std::vector<std::string> hosts;          // names or IP literals; each in one target only
  std::vector<Network> networks;           // each in one target only
  std::vector<std::uint16_t> local_ports;  // each in one target only
  std::vector<std::size_t> probes;         // indices into Config::probes, one per method
};

struct HistogramConfig {
  std::vector<double> buckets;  // seconds, strictly rising
  std::optional<int> native_schema = 3;
  bool operator==(const HistogramConfig&) const = default;
};

struct PassiveConfig {
  struct TcpProbe {
    bool enabled = true;
  } tcp_probe;
  struct TcpInfo {
    bool enabled = true;
    nanoseconds interval = std::chrono::seconds(5);
  } tcp_info;
};

struct Config {
  HistogramConfig histogram;
  std::size_t max_series = 5000;
  PassiveConfig passive;
  std::vector<base::ListenAddress> echo_server_listen;
  std::vector<Probe> probes;
  std::vector<Target> targets;
};

}  // namespace rtt::config
