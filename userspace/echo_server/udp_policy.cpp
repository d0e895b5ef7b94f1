#include "echo_server/udp_policy.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace rtt::echo_server {
namespace {

constexpr std::uint16_t kLastServicePort = 1023;

// Broadcast addresses of subnets cannot be told by themselves.
bool is_one_node(const base::IpAddress& address) {
  const base::IpAddress::Bytes& bytes = address.bytes();
  if (!address.is_v4()) return address != base::IpAddress() && bytes[0] != 0xff;
  const std::uint32_t host_order = ntohl(address.to_in_addr().s_addr);
  constexpr std::uint32_t kThisNetwork = 0x00ffffff;  // 0.0.0.0/8, RFC 1122 3.2.1.3
  return host_order > kThisNetwork && host_order != INADDR_BROADCAST && !IN_MULTICAST(host_order);
}

}  // namespace

const char* to_string(Refusal refusal) {
  constexpr std::array<const char*, kRefusalCount> kNames = {
      "source", "source_port", "destination", "too_long", "repeated", "not_sent", "overflow"};
  return kNames.at(static_cast<std::size_t>(refusal));
}

std::optional<Refusal> refusal_of(const Datagram& datagram) {
  const auto& [source, source_port, destination, local, local_port, too_long] = datagram;
  if (!is_one_node(source)) return Refusal::kSource;
  if (source_port <= std::max(local_port, kLastServicePort)) return Refusal::kSourcePort;
  if (!destination || destination != local || !is_one_node(*destination)) {
    return Refusal::kDestination;
  }
  if (too_long) return Refusal::kTooLong;
  return std::nullopt;
}

}  // namespace rtt::echo_server
