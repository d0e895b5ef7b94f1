// Short connections, each from another address.
//
// Used on a thread inside a namespace where 10.0.0.0/8 is local. Errors are thrown.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace rtt::bench {

class ManyClients {
 public:
  ManyClients();

  /// Connects from addresses of 10.0.0.0/8 that it has not used yet, evenly over all of it, until so
  /// many were used. Over each connection a byte goes there and back; a reset ends it. At most
  /// 2^20.
  void connect_until(std::uint32_t addresses);

 private:
  void connect_from(std::uint32_t number) const;

  base::UniqueFd listener_;
  std::uint32_t used_ = 0;
};

}  // namespace rtt::bench
