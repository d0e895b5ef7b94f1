// The keys of a tcp_echo probe: port, payload_bytes, dscp, source.
#pragma once

#include <cstddef>

#include "config/config.h"
#include "probers/tcp_socket.h"

namespace rtt::probers::tcp_echo {

struct Options final : config::MethodOptions {
  TcpOptions tcp;
  std::size_t payload_bytes = 32;  // kHeaderBytes to kMaxPayloadBytes

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override {
    const auto* same = dynamic_cast<const Options*>(&other);
    return same && tcp == same->tcp && payload_bytes == same->payload_bytes;
  }
};

}  // namespace rtt::probers::tcp_echo
