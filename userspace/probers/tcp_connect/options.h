// The keys of a tcp_connect probe: port and those of every socket.
#pragma once

#include "config/config.h"
#include "probers/tcp_socket.h"

namespace rtt::probers::tcp_connect {

struct Options final : config::MethodOptions {
  TcpOptions tcp;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override {
    const auto* same = dynamic_cast<const Options*>(&other);
    return same && tcp == same->tcp;
  }
};

}  // namespace rtt::probers::tcp_connect
