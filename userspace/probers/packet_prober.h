// The probes of one series, for methods whose probes are packets of their own.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "probers/packet_engine.h"
#include "probers/prober.h"

namespace rtt::probers {

class PacketProber final : public Prober {
 public:
  /// `engine` must outlive it.
  PacketProber(PacketEngine& engine, std::shared_ptr<Peer> peer, PacketPlan plan);
  ~PacketProber() override;

  void set_address(std::optional<base::IpAddress> address) override { address_ = address; }
  void probe() override;

 private:
  using OpenChannel = std::shared_ptr<PacketEngine::OpenChannel>;

  /// The one whose turn it is.
  [[nodiscard]] PacketEngine::Channel next_channel(int family);
  void fail(metrics::FailureReason reason);

  PacketEngine& engine_;
  const std::shared_ptr<Peer> peer_;
  const PacketPlan plan_;
  std::optional<base::IpAddress> address_;
  // IPv4, IPv6; by lane. Both stay open: replies to probes in flight come after a change of
  // address, too.
  std::array<std::vector<OpenChannel>, 2> channels_;
  std::size_t next_lane_ = 0;
};

}  // namespace rtt::probers
