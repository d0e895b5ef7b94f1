// The probes that an answer may still come for, found by what an answer carries.
//
// Constant time for everything; memory grows to the most probes held at once. Pointers to probes
// are valid until the next insert(); handles for ever. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"

namespace rtt::probers {

struct Peer;

/// Names one probe, also after its place was given to another one.
struct Handle {
  std::uint32_t index = 0;
  std::uint64_t token = 0;  // never 0 for a probe
};

/// Where a probe was sent from: a socket's number within the engine, and the sequence number.
struct Origin {
  std::uint32_t channel = 0;
  std::uint16_t sequence = 0;

  bool operator==(const Origin&) const = default;
};

struct Probe {
  enum class State : std::uint8_t { kInFlight, kReplied, kLost, kLate, kFailed };

  std::uint64_t token = 0;
  std::shared_ptr<Peer> peer;
  base::IpAddress destination;
  base::TimePoint sent;
  base::nanoseconds kernel_sent{0};  // 0: no timestamp (yet)
  Origin origin;
  State state = State::kInFlight;

 private:
  friend class ProbeTable;
  std::uint32_t next = 0;  // in its bucket, or in the list of free places
};

class ProbeTable {
 public:
  ProbeTable();

  /// `token` must be random and not 0.
  [[nodiscard]] Handle insert(std::uint64_t token, std::shared_ptr<Peer> peer,
                              const base::IpAddress& destination, Origin origin);
  void erase(Handle handle);

  /// Null when it was erased.
  [[nodiscard]] Probe* find(Handle handle);
  [[nodiscard]] Probe* find(Origin origin, std::uint64_t token);
  /// For an answer without a token. Null also when it could mean several probes: sequence numbers
  /// are used again after 65,536 probes.
  [[nodiscard]] Probe* find_only(Origin origin, const base::IpAddress& destination);

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  [[nodiscard]] std::uint32_t& bucket_of(Origin origin);
  [[nodiscard]] std::uint32_t take_place();
  void link(std::uint32_t index);
  void unlink(std::uint32_t index);
  void grow_buckets();

  std::vector<Probe> probes_;
  std::vector<std::uint32_t> buckets_;  // a power of two many; each the first of a chain
  std::uint32_t first_free_;
  std::size_t size_ = 0;
};

}  // namespace rtt::probers
