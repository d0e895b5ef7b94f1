// The keys of a tcp_echo probe: port, payload_bytes, source_ports and those of every socket.
#pragma once

#include <cstddef>

#include "config/config.h"
#include "probers/tcp_socket.h"

namespace rtt::probers::tcp_echo {

struct Options final : config::MethodOptions {
  TcpOptions tcp;
  std::size_t payload_bytes = 32;  // kHeaderBytes to kMaxPayloadBytes
  /// Connections in rotation, one message per probe on one of them: paths that are chosen by a hash
  /// over the ports are all measured. 1 to 64.
  std::size_t source_ports = 1;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override {
    const auto* same = dynamic_cast<const Options*>(&other);
    return same && tcp == same->tcp && payload_bytes == same->payload_bytes &&
           source_ports == same->source_ports;
  }
};

}  // namespace rtt::probers::tcp_echo
