// What the sockets of all packet channels have in common.
#pragma once

#include <cstdint>
#include <optional>

#include "probers/packet_channel.h"
#include "probers/socket_options.h"

namespace rtt::probers {

/// Room for many answers, timestamps, hop limits, dont_fragment, and last apply(). `fd`: a new
/// datagram or raw socket of settings.family. Nothing: done.
[[nodiscard]] std::optional<SocketFailure> prepare_packet_socket(int fd,
                                                                 const ChannelSettings& settings);

/// ICMP errors come on the error queue, with what they quote (ip(7), IP_RECVERR). Nothing: done.
[[nodiscard]] std::optional<SocketFailure> report_errors(int fd, int family);

/// The port that the kernel chooses for a socket; binds to every address if apply() bound to none.
/// 0: it did not.
[[nodiscard]] std::uint16_t bound_port(int fd, const ChannelSettings& settings);

}  // namespace rtt::probers
