// The kernel's tables of prefixes and local ports (rtt_prefixes, rtt_local_ports). For the control
// loop.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "base/ip_prefix.h"
#include "base/result.h"

namespace rtt::passive {

class PrefixTable {
 public:
  using Rows = std::map<base::IpPrefix, std::uint32_t>;

  /// `fd`: the empty map; must outlive the table.
  explicit PrefixTable(int fd) : fd_(fd) {}

  /// Touches only what differs from the last call. Returns whether anything did. Error: the prefix
  /// that the kernel did not take, and why; what was changed before stays changed.
  [[nodiscard]] base::Result<bool> set(const Rows& wanted);

 private:
  [[nodiscard]] base::Result<void> put(const base::IpPrefix& prefix, std::uint32_t row);
  [[nodiscard]] base::Result<void> remove(const base::IpPrefix& prefix);

  int fd_;
  Rows loaded_;
};

/// Host byte order -> row.
[[nodiscard]] base::Result<void> set_local_ports(
    int fd, const std::unordered_map<std::uint16_t, std::uint32_t>& rows);

}  // namespace rtt::passive
