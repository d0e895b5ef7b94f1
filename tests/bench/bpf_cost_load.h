// Traffic on loopback for the programs to look at. The two ends are processes of their own, because
// 15,000 connections take more descriptors than one process may have; pinned to the first and the
// last CPU where nothing else is said.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/netns.h"

namespace rtt::bench {

class Load {
 public:
  virtual ~Load() = default;

  struct Exchanges {
    int connections = 1;
    int window = 1;        // exchanges under way
    bool one_cpu = false;  // both ends on the first
    int addresses = 1;  // of the server, 127.0.0.1, 127.0.1.1, ...; connections take them in turn
  };
  /// Exchanges of 64 bytes, on the connections in turn.
  [[nodiscard]] static std::unique_ptr<Load> exchanges(const support::Namespace& where,
                                                       const Exchanges& exchanges);
  /// Connects, makes one exchange, closes, again and again.
  [[nodiscard]] static std::unique_ptr<Load> connections(const support::Namespace& where);
  /// One direction at full speed.
  [[nodiscard]] static std::unique_ptr<Load> iperf3(const support::Namespace& where);
};

}  // namespace rtt::bench
