#include "probers/icmp/options.h"

#include <string>

#include "probers/icmp/packet.h"
#include "probers/icmp/socket.h"

namespace rtt::probers::icmp {
namespace {

constexpr std::int64_t kMostPayloadBytes = 65535 - 20 - kHeaderBytes;

std::optional<base::IpAddress> read_source(config::MapReader& reader) {
  const std::string text = reader.string("source", "");
  if (text.empty()) return std::nullopt;
  const auto address = base::IpAddress::parse(text);
  if (address && is_unicast(*address)) return address;
  reader.problem_at("source", "\"source\" is \"" + text +
                                  "\"; allowed: an IPv4 or IPv6 address of this host, or \"\" to "
                                  "let the kernel choose");
  return std::nullopt;
}

}  // namespace

bool Options::equals(const config::MethodOptions& other) const {
  const auto* same = dynamic_cast<const Options*>(&other);
  return same != nullptr && same->payload_bytes == payload_bytes && same->dscp == dscp &&
         same->source == source;
}

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->payload_bytes = static_cast<std::uint16_t>(
      reader.integer("payload_bytes", options->payload_bytes, kTokenBytes, kMostPayloadBytes));
  options->dscp = static_cast<std::uint8_t>(reader.integer("dscp", options->dscp, 0, 63));
  options->source = read_source(reader);
  return options;
}

}  // namespace rtt::probers::icmp
