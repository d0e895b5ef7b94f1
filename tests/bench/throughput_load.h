// What the throughput of a host is measured with, inside one namespace, over loopback.
#pragma once

#include <cstdint>
#include <future>
#include <optional>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "support/netns.h"
#include "support/process.h"

namespace rtt::bench {

class Throughput {
 public:
  virtual ~Throughput() = default;
  /// Per second, during about `window`.
  [[nodiscard]] virtual double rate(base::nanoseconds window) = 0;
  /// Acknowledgements of data that this host received during all windows so far; at least.
  [[nodiscard]] virtual std::uint64_t acknowledgements() const = 0;
};

/// Exchanges of one byte on one connection, between two threads that are pinned to one CPU: there
/// is no wake-up of another one in it, and every nanosecond shows.
class PingPong : public Throughput {
 public:
  explicit PingPong(const support::Namespace& where);
  ~PingPong() override;
  PingPong(const PingPong&) = delete;
  PingPong& operator=(const PingPong&) = delete;

  [[nodiscard]] double rate(base::nanoseconds window) override;
  /// Both ends are on this host.
  [[nodiscard]] std::uint64_t acknowledgements() const override { return 2 * exchanges_; }

 private:
  base::UniqueFd client_;
  base::UniqueFd server_;
  std::uint64_t exchanges_ = 0;
  std::future<void> echo_;
};

/// Bytes through the loopback device while one iperf3 sends for the life of the object, client and
/// server pinned to the first and the last CPU.
class Iperf3 : public Throughput {
 public:
  explicit Iperf3(const support::Namespace& where);

  [[nodiscard]] double rate(base::nanoseconds window) override;
  [[nodiscard]] std::uint64_t acknowledgements() const override {
    return bytes_ / kMaxAcknowledged;
  }

 private:
  static constexpr std::uint64_t kMaxAcknowledged = 16 << 20;  // a socket buffer has not more

  const support::Namespace& where_;
  support::Process server_;
  std::optional<support::Process> client_;
  std::uint64_t bytes_ = 0;
};

}  // namespace rtt::bench
