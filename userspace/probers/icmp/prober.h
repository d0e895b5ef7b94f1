// The echo requests of one series.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "probers/icmp/engine.h"
#include "probers/icmp/options.h"
#include "probers/prober.h"

namespace rtt::probers::icmp {

class IcmpProber final : public Prober {
 public:
  /// `engine` must outlive it. `filler_sum`: internet_sum() of the payload after the token.
  IcmpProber(IcmpEngine& engine, std::shared_ptr<Peer> peer, const Options& options,
             std::uint16_t filler_sum);
  ~IcmpProber() override;

  void set_address(std::optional<base::IpAddress> address) override { address_ = address; }
  void probe() override;

 private:
  using OpenChannel = std::shared_ptr<IcmpEngine::OpenChannel>;

  /// The one whose turn it is.
  [[nodiscard]] std::variant<OpenChannel, metrics::FailureReason> next_channel(int family);
  void fail(metrics::FailureReason reason);

  IcmpEngine& engine_;
  const std::shared_ptr<Peer> peer_;
  const Options options_;
  const std::uint16_t filler_sum_;
  std::optional<base::IpAddress> address_;
  // IPv4, IPv6; by lane. Both stay open: replies to probes in flight come after a change of
  // address, too.
  std::array<std::vector<OpenChannel>, 2> channels_;
  std::size_t next_lane_ = 0;
};

}  // namespace rtt::probers::icmp
