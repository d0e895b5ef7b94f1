// Rules for the addresses that a name resolves to.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ip_address.h"

namespace rtt::targets {

inline constexpr std::size_t kMaxAddressesPerHost = 64;

/// Whether the address can be one peer: not unspecified (what blocking resolvers answer, and what
/// the kernel takes for this host), not multicast, not the IPv4 broadcast.
[[nodiscard]] bool is_usable_peer(const base::IpAddress& address);

/// The usable addresses of `answer`, each once, at most kMaxAddressesPerHost: first those of
/// `known` in their order, then the others in the order of the answer.
[[nodiscard]] std::vector<base::IpAddress> merge_answer(const std::vector<base::IpAddress>& known,
                                                        const std::vector<base::IpAddress>& answer);

}  // namespace rtt::targets
