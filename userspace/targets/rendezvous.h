// Which few of many peers a node measures (rendezvous or highest-random-weight hashing, Thaler and
// Ravishankar 1998): each node ranks all candidates by a hash of its own name and theirs.
//
// Nodes so choose without asking each other, evenly and each differently, and a node's choice
// changes by as little as it can: a candidate that goes is replaced, one that comes displaces at
// most one. The same on every machine and in every version.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rtt::targets {

/// Indices of the chosen ones, rising: all when there are no more than `count`. Which are chosen
/// does not depend on the order of the candidates, which are all different.
[[nodiscard]] std::vector<std::size_t> choose_subset(std::string_view node,
                                                     std::span<const std::string> candidates,
                                                     std::size_t count);

}  // namespace rtt::targets
