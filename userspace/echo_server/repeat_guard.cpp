#include "echo_server/repeat_guard.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/random.h"

namespace rtt::echo_server {
namespace {

constexpr std::size_t kPlaces = 16384;
constexpr base::nanoseconds kTick = std::chrono::milliseconds(100);

// A multiplication and a rotation per word, as fast hashes of tables do (FxHash); `hash` begins
// with a secret.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  constexpr int kHalf = 32;
  return std::rotl((hash ^ word) * kOdd, kHalf);
}

std::uint64_t hash_of(std::uint64_t hash, std::span<const std::uint8_t> bytes) {
  hash = mix(hash, bytes.size());
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    hash = mix(hash, word);
    bytes = bytes.subspan(count);
  }
  return hash;
}

}  // namespace

RepeatGuard::RepeatGuard() : secret_(base::random_u64()), places_(kPlaces) {}

bool RepeatGuard::allows(const base::IpAddress& source, std::uint16_t port,
                         std::span<const std::uint8_t> bytes, base::TimePoint now) {
  const std::uint64_t hash = mix(hash_of(hash_of(mix(secret_, port), source.bytes()), bytes), 0);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const auto when = static_cast<std::uint16_t>(now.time_since_epoch() / kTick);
  Place& place = places_[hash % kPlaces];
  const auto since = static_cast<std::uint16_t>(when - place.when);
  if (place.tag != tag || since >= kPause / kTick) place = {.tag = tag};
  place.when = when;
  ++place.run;
  if (place.run < kRun) return true;
  place.run = 0;
  return false;
}

}  // namespace rtt::echo_server
