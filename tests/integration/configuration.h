// Pieces of configurations for the tests of the whole program.
#pragma once

#include <chrono>
#include <initializer_list>
#include <sstream>
#include <string>

namespace rtt::integration {

using std::chrono::nanoseconds;

/// The section `histogram`: buckets of this width around each centre, no native ones. At most 100
/// in all.
inline std::string histogram_around(std::initializer_list<nanoseconds> centres, nanoseconds width,
                                    int below, int above) {
  std::ostringstream text;
  text.precision(12);
  text << "histogram:\n  native_schema: null\n  buckets: [";
  const char* separator = "";
  for (const nanoseconds centre : centres) {
    for (int i = -below; i <= above; ++i) {
      text << separator << std::chrono::duration<double>(centre + i * width).count();
      separator = ", ";
    }
  }
  text << "]\n";
  return text.str();
}

inline std::string passive(bool tcp_probe, bool tcp_info) {
  const auto word = [](bool value) { return value ? "true" : "false"; };
  return std::string("passive:\n  tcp_probe: {enabled: ") + word(tcp_probe) +
         "}\n  tcp_info: {enabled: " + word(tcp_info) + ", interval: 100ms}\n";
}

}  // namespace rtt::integration
