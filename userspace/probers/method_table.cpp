#include "probers/method_table.h"

#include <array>

#include "probers/http/method.h"
#include "probers/icmp/method.h"
#include "probers/tcp_connect/method.h"
#include "probers/tcp_echo/method.h"
#include "probers/udp_echo/method.h"

namespace rtt::probers {

std::span<const Method> method_table() {
  static const std::array kMethods = {icmp::method(), tcp_connect::method(), tcp_echo::method(),
                                      udp_echo::method(), http::method()};
  return kMethods;
}

std::vector<config::MethodSchema> method_schemas() {
  std::vector<config::MethodSchema> schemas;
  for (const Method& method : method_table()) schemas.push_back(method.schema);
  return schemas;
}

}  // namespace rtt::probers
