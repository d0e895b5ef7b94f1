#include "probers/icmp/options.h"

#include "probers/icmp/packet.h"

namespace rtt::probers::icmp {
namespace {

constexpr std::int64_t kMostPayloadBytes = 65535 - 20 - kHeaderBytes;
constexpr std::int64_t kMostIdentifiers = 64;

}  // namespace

bool Options::equals(const config::MethodOptions& other) const {
  const auto* same = dynamic_cast<const Options*>(&other);
  return same != nullptr && same->payload_bytes == payload_bytes &&
         same->dont_fragment == dont_fragment && same->identifiers == identifiers &&
         same->socket == socket;
}

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->payload_bytes = static_cast<std::uint16_t>(
      reader.integer("payload_bytes", options->payload_bytes, kTokenBytes, kMostPayloadBytes));
  options->dont_fragment = reader.boolean("dont_fragment", options->dont_fragment);
  options->identifiers = static_cast<std::uint8_t>(
      reader.integer("identifiers", options->identifiers, 1, kMostIdentifiers));
  options->socket = read_socket_options(reader);
  return options;
}

}  // namespace rtt::probers::icmp
