#include "targets/rendezvous.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace rtt::targets {
namespace {

// FNV-1a.
constexpr std::uint64_t kOffsetBasis = 14695981039346656037U;
constexpr std::uint64_t kPrime = 1099511628211U;

std::uint64_t add(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

// FNV-1a leaves texts that differ at their ends only, as addresses of one network do, close to each
// other; two rounds of multiply and xor-shift (as in MurmurHash3) spread them.
std::uint64_t spread(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdU;
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return hash ^ (hash >> 33U);
}

}  // namespace

std::vector<std::size_t> choose_subset(std::string_view node,
                                       std::span<const std::string> candidates, std::size_t count) {
  std::vector<std::size_t> indices(candidates.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  if (candidates.size() <= count) return indices;

  const std::uint64_t start = add(kOffsetBasis, node) * kPrime;  // as if a zero byte followed
  std::vector<std::pair<std::uint64_t, std::string_view>> ranks;
  ranks.reserve(candidates.size());
  for (const std::string& candidate : candidates) {
    ranks.emplace_back(spread(add(start, candidate)), candidate);
  }
  std::nth_element(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(count),
                   indices.end(),
                   [&](std::size_t a, std::size_t b) { return ranks[a] > ranks[b]; });
  indices.resize(count);
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace rtt::targets
