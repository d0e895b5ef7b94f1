#include "targets/peer_table.h"

namespace rtt::targets {
namespace {

Peer peer_of(const config::Target& target, PeerKind kind, std::string label) {
  Peer peer;
  peer.kind = kind;
  peer.target = target.name;
  peer.label = std::move(label);
  peer.constant_labels = target.labels;
  return peer;
}

Peer host_peer(const config::Target& target, const std::string& host) {
  Peer peer = peer_of(target, PeerKind::kHost, host);
  peer.probes = target.probes;
  peer.all_addresses = target.all_addresses;
  peer.ip_family = target.ip_family;
  return peer;
}

Peer prefix_peer(const config::Target& target, const config::Network& network) {
  Peer peer = peer_of(target, PeerKind::kPrefix, network.text);
  peer.prefix = network.prefix;
  return peer;
}

Peer local_port_peer(const config::Target& target, std::uint16_t port) {
  Peer peer = peer_of(target, PeerKind::kLocalPort, ":" + std::to_string(port));
  peer.local_port = port;
  return peer;
}

}  // namespace

PeerTable::PeerTable(const config::Config& config) {
  Peer& other = peers_.emplace_back();
  other.target = kOtherTarget;
  for (const config::Target& target : config.targets) {
    for (const std::string& host : target.hosts) peers_.push_back(host_peer(target, host));
    for (const config::Network& network : target.networks) {
      peers_.push_back(prefix_peer(target, network));
    }
    for (const std::uint16_t port : target.local_ports) {
      peers_.push_back(local_port_peer(target, port));
    }
  }
}

}  // namespace rtt::targets
