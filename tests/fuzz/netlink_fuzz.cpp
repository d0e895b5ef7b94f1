// Any bytes as a datagram of inet_diag: read to the end, and every socket that is seen lies inside.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "passive/inet_diag_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rtt::passive::DatagramResult;
  const std::span datagram(reinterpret_cast<const std::byte*>(data), size);
  std::size_t sockets = 0;
  const DatagramResult result =
      rtt::passive::parse_inet_diag(datagram, {}, [&sockets](const auto&) { ++sockets; });
  constexpr std::size_t kSmallestSocket = 16 + 72 + 4;
  if (sockets * kSmallestSocket > size) std::abort();
  if (result.malformed + result.foreign > size) std::abort();
  if (result.end == DatagramResult::End::kError && result.error_number <= 0) std::abort();
  return 0;
}
