// Why a probe failed for another cause than silence: the values of the label `reason`.
//
// One vocabulary for all methods, so that a query over `reason` means the same everywhere. A method
// names the reasons that it can have (probers/method_table.h); those series exist at 0 from the
// first scrape.
#pragma once

#include <cstddef>
#include <string_view>

namespace rtt::metrics {

enum class FailureReason {
  kUnresolved,   // the peer's name has no address
  kNoRoute,      // the host itself has no way to send: no route, network down, forbidden by a local
                 // rule
  kNoInterface,  // the network interface that the probe is bound to is not there
  kUnreachable,  // the network or the peer answered that it cannot deliver (ICMP destination
                 // unreachable)
  kTtlExceeded,  // ICMP time exceeded
  kTooBig,       // must not be fragmented, and an interface or router on the path has a smaller MTU
  kRefused,      // the peer's kernel answered that nobody serves the port: with a reset to the SYN,
                 // or with ICMP port unreachable to a datagram
  kDisconnected,  // an established connection ended before the reply
  kNotConnected,  // no connection to send on: the last attempt failed, the next waits for its
                  // backoff
  kBadReply,      // bytes came back that are no answer: not what was sent, not HTTP
  kTls,           // the TLS handshake failed, or the certificate does not prove the peer's name
  kBadStatus,     // an HTTP status that the configuration does not call valid
  kTooLarge,      // the response is larger than allowed
  kHeadOfLine,    // its reply had to wait for the repair of a lost one (head-of-line blocking)
  kSendError,     // any other error of the send, such as no buffer space or no descriptor
  kCancelled,     // the probe was in flight when its configuration went
  kCount,
};

inline constexpr std::size_t kFailureReasonCount = static_cast<std::size_t>(FailureReason::kCount);

/// snake_case, as in the label.
[[nodiscard]] std::string_view to_string(FailureReason reason);

}  // namespace rtt::metrics
