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
#include <string_view>
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
  /// The same without what goes on beside the probes and is not for a burst of them; null: all of it is.
  [[nodiscard]] virtual std::shared_ptr<const MethodOptions> for_burst() const { return nullptr; }
  /// Paths of what was read for them beside the configuration.
  [[nodiscard]] virtual std::vector<std::string> files() const { return {}; }
};

/// Which addresses of a host count.
enum class IpFamily { kAny, kIpv4, kIpv6 };

struct Probe {
  std::string name;
  std::string method;      // of the method table
  nanoseconds interval{};  // 10 ms to 1 h
  nanoseconds timeout{};   // 1 ms to 1 min; may be longer than the interval
  IpFamily ip_family = IpFamily::kAny;
  std::shared_ptr<const MethodOptions> options;

  bool operator==(const Probe& other) const;
};

/// As configured, and parsed.
struct Network {
  std::string text;  // the value of the label `peer`
  base::IpPrefix prefix;
  bool operator==(const Network&) const = default;
};

struct Target {
  std::string name;  // unique; not "other", nor kDiscoveredTarget beside PassivePeers
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by name; none of OwnerLabels
  std::vector<std::string> hosts;          // names or IP literals; each in one target only
  std::vector<Network> networks;           // each in one target only
  std::vector<std::uint16_t> local_ports;  // each in one target only
  std::vector<std::size_t> probes;         // indices into Config::probes, one per method
  /// Probe every address of a host, not only the first.
  bool all_addresses = false;
  IpFamily ip_family = IpFamily::kAny;  // of what the target's names resolve to
  std::vector<std::string> dns_peers;   // names, no literals; each in one target only
  std::vector<std::string> files;       // patterns of file_sd files; each in one target only
  /// Of the peers that dns_peers and files give.
  std::optional<std::size_t> max_peers;
  bool operator==(const Target&) const = default;
};

struct HistogramConfig {
  std::vector<double> buckets;  // seconds, strictly rising
  std::optional<int> native_schema = 3;
  bool operator==(const HistogramConfig&) const = default;
};

/// What the series of passive methods say about who owns the sockets.
struct OwnerLabels {
  bool unit = false;
  bool container = false;
  bool pod = false;
  /// With it the label `pod` is the pod's name instead of its uid.
  bool pod_namespace = false;
  [[nodiscard]] bool any() const { return unit || container || pod; }
  /// Whether series get a label of this name.
  [[nodiscard]] bool has(std::string_view label) const {
    return (unit && label == "unit") || (container && label == "container") ||
           (pod && label == "pod") || (pod_namespace && label == "namespace");
  }
  bool operator==(const OwnerLabels&) const = default;
};

/// Who knows the names of this host's pods: the kubelet, or the API server.
struct Kubernetes {
  std::string url;  // https, of a PodList
  std::string token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  nanoseconds interval = std::chrono::seconds(1);  // 1 s to 1 min; least time between two requests
  bool operator==(const Kubernetes&) const = default;
};

struct PassiveConfig {
  OwnerLabels labels;
  std::optional<Kubernetes> kubernetes;                        // only beside labels.pod
  nanoseconds labels_expire_after = std::chrono::minutes(10);  // 1 s to 24 h
  struct TcpProbe {
    bool enabled = true;
    double max_cpu_share = 1;  // of one CPU; past it the programs sample
  } tcp_probe;
  struct TcpInfo {
    bool enabled = true;
    nanoseconds interval = std::chrono::seconds(5);
    /// Also the other network namespaces of the host.
    bool all_namespaces = false;
  } tcp_info;
};

/// What /probe may do.
struct ProbeEndpoint {
  std::vector<base::IpPrefix> networks;  // where its targets must lie; not empty
  std::size_t probes = 10;               // of one burst, 1 to 100
  std::size_t max_concurrent = 8;        // bursts, 1 to 100
};

struct DnsConfig {
  nanoseconds min_refresh = std::chrono::seconds(5);
  nanoseconds max_refresh = std::chrono::minutes(5);  // not below min_refresh
  nanoseconds timeout = std::chrono::seconds(2);      // of one query to one server
};

/// The target of the peers that PassivePeers finds.
inline constexpr const char* kDiscoveredTarget = "discovered";

struct PassivePeers {
  std::vector<base::IpPrefix> networks;  // not empty
  std::size_t max_peers = 20;
  nanoseconds interval = std::chrono::minutes(1);
  nanoseconds expire_after = std::chrono::minutes(10);  // not below the interval
  std::vector<std::size_t> probes;  // as Target::probes; none that makes TCP connections
  bool operator==(const PassivePeers&) const = default;
};

struct Config {
  HistogramConfig histogram;
  std::size_t max_series = 5000;
  PassiveConfig passive;
  DnsConfig dns;
  std::optional<PassivePeers> passive_peers;  // needs passive.tcp_info
  std::vector<base::ListenAddress> echo_server_listen;
  std::optional<ProbeEndpoint> probe_endpoint;  // nothing: there is no /probe
  std::vector<Probe> probes;
  std::vector<Target> targets;
};

}  // namespace rtt::config
