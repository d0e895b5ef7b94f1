#include "probers/udp_echo/options.h"

#include "probers/udp_echo/message.h"

namespace rtt::probers::udp_echo {
namespace {

constexpr std::int64_t kMostSourcePorts = 64;

}  // namespace

bool Options::equals(const config::MethodOptions& other) const {
  const auto* same = dynamic_cast<const Options*>(&other);
  return same != nullptr && same->port == port && same->payload_bytes == payload_bytes &&
         same->dont_fragment == dont_fragment && same->source_ports == source_ports &&
         same->socket == socket;
}

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->port = static_cast<std::uint16_t>(reader.integer("port", options->port, 1, UINT16_MAX));
  options->payload_bytes = static_cast<std::uint16_t>(reader.integer(
      "payload_bytes", options->payload_bytes, kLeastPayloadBytes, kMostPayloadBytes));
  options->dont_fragment = reader.boolean("dont_fragment", options->dont_fragment);
  options->source_ports = static_cast<std::uint8_t>(
      reader.integer("source_ports", options->source_ports, 1, kMostSourcePorts));
  options->socket = read_socket_options(reader);
  return options;
}

}  // namespace rtt::probers::udp_echo
