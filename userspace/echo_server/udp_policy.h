// Which datagrams the echo server answers. A pure function of what the kernel says of them.
//
// The source of a datagram is whatever its sender wrote, so an answer may go to somebody who never
// asked. Therefore:
//
// - An answer is never longer than the request, goes to its source only, and comes from the address
//   that it was sent to: nobody gains anything over sending to the victim himself.
// - No loop: a datagram with the forged source of another echo server would be answered by that one,
//   the answer by us, and so on for ever. Only a source port above the port that the datagram came
//   to is answered. Of any two servers that follow this rule one has the lower port, or both the
//   same, and that one (or both) gets no answer; and neither do port 7 (RFC 862) and the other
//   services below 1024, whatever they do with what they get. Clients have ports from the
//   ephemeral range, so a server must listen below it (32768 on Linux) to answer all of them.
// - A service of another make above our port that answers everything as well: repeat_guard.h.
// - Nothing that was sent to, or claims to come from, more than one node is answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"

namespace rtt::echo_server {

/// The longest datagram that is answered: one Ethernet frame, so that no answer is in fragments.
inline constexpr std::size_t kMostDatagramBytes = 1472;

struct Datagram {
  base::IpAddress source;
  std::uint16_t source_port = 0;
  /// Of the IP header; nothing: not known.
  std::optional<base::IpAddress> destination;
  /// The address of this host that it was delivered to: for a unicast datagram the same.
  std::optional<base::IpAddress> local;
  std::uint16_t local_port = 0;
  bool too_long = false;
};

enum class Refusal {
  kSource,       // not the address of one node
  kSourcePort,   // not above ours, or below 1024
  kDestination,  // not an address of this host alone
  kTooLong,      // more than kMostDatagramBytes
  kRepeated,     // see repeat_guard.h
  kNotSent,      // the kernel did not take the answer
  kOverflow,     // the kernel had no room for the request
  kCount,
};
inline constexpr std::size_t kRefusalCount = static_cast<std::size_t>(Refusal::kCount);

/// snake_case, as in the label.
[[nodiscard]] const char* to_string(Refusal refusal);

/// Nothing: answer it.
[[nodiscard]] std::optional<Refusal> refusal_of(const Datagram& datagram);

}  // namespace rtt::echo_server
