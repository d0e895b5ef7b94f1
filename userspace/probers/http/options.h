// The keys of an http probe (docs/configuration.md).
#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "config/config.h"
#include "config/map_reader.h"
#include "probers/http/trust_store.h"
#include "probers/socket_options.h"

namespace rtt::probers::http {

using std::chrono::nanoseconds;

/// From when on a download counts as steady: whichever comes first.
struct SteadyAfter {
  nanoseconds time{};       // after the first read of the body
  std::uint64_t bytes = 0;  // of the body

  bool operator==(const SteadyAfter&) const = default;
};

struct DownloadOptions {
  static constexpr std::size_t kMaxParallel = 16;

  std::string path;
  nanoseconds interval{};  // between the starts of two rounds
  std::uint64_t max_bytes = 0;
  nanoseconds max_time{};
  std::size_t parallel = 1;  // downloads of a round, 1 to kMaxParallel
  /// The downloads take them in turn; without any they leave as the probes do.
  std::vector<base::IpAddress> sources = {};
  std::vector<std::string> interfaces = {};
  SteadyAfter steady_after;

  bool operator==(const DownloadOptions&) const = default;
};

/// By status code.
using StatusSet = std::bitset<600>;

[[nodiscard]] inline bool is_valid(const StatusSet& valid, long status) {
  return status >= 0 && static_cast<std::size_t>(status) < valid.size() &&
         valid.test(static_cast<std::size_t>(status));
}

struct Options final : config::MethodOptions {
  bool https = false;
  std::uint16_t port = 0;
  std::string path;
  std::string host_header;  // empty: the peer's name
  bool keep = true;         // one connection for all probes, instead of a new one for each
  StatusSet valid_status;
  /// What proves the peer's name; null: nothing has to, or there is no TLS.
  std::shared_ptr<const TrustStore> trust;
  std::vector<std::string> headers;  // "Name: value"
  std::uint64_t max_bytes = 0;       // of a response's body
  SocketOptions socket;
  std::optional<DownloadOptions> download;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override;
  [[nodiscard]] std::shared_ptr<const config::MethodOptions> for_burst() const override;
  [[nodiscard]] std::vector<std::string> files() const override;
};

[[nodiscard]] std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader);

}  // namespace rtt::probers::http
