#include <algorithm>
#include <charconv>

#include "base/duration.h"
#include "probers/http/read_keys.h"

namespace rtt::probers::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Problem = std::optional<std::string>;

constexpr std::int64_t kDefaultMaxBytes = std::int64_t{16} << 20U;
constexpr std::int64_t kSmallestMaxBytes = std::int64_t{1} << 16U;
constexpr std::int64_t kLargestMaxBytes = std::int64_t{1} << 34U;
// Slow start reaches any rate in some ten round trips, and a second holds as many of 100 ms. A fast link would be
// through with its bytes before that, so past a quarter of them it counts as steady as well.
constexpr nanoseconds kSteadyTime = seconds(1);
constexpr std::uint64_t kSteadyShare = 4;

void read_spread(config::MapReader& reader, DownloadOptions& options) {
  reader.each_item("sources", "IP addresses of this host", [&](const std::string& text) -> Problem {
    const auto address = base::IpAddress::parse(text);
    if (!address || !is_unicast(*address)) {
      return "source '" + text + "'; allowed: an IPv4 or IPv6 address of this host";
    }
    options.sources.push_back(*address);
    return std::nullopt;
  });
  reader.each_item("interfaces", "network interfaces", [&](const std::string& text) -> Problem {
    constexpr std::size_t kMaxName = 15;
    if (text.empty() || text.size() > kMaxName ||
        text.find_first_of("/: \t") != std::string::npos) {
      return "interface '" + text +
             "'; allowed: the name of a network interface (at most 15 characters)";
    }
    options.interfaces.push_back(text);
    return std::nullopt;
  });
}

std::int64_t parallel_by_default(const DownloadOptions& options) {
  const std::size_t ways = std::max(options.sources.size(), options.interfaces.size());
  return static_cast<std::int64_t>(std::clamp(ways, std::size_t{1}, DownloadOptions::kMaxParallel));
}

SteadyAfter read_steady_after(config::MapReader& reader, const DownloadOptions& options) {
  const SteadyAfter by_default{std::min(kSteadyTime, options.max_time / 2),
                               options.max_bytes / kSteadyShare};
  if (!reader.has("steady_after")) return by_default;
  const std::string text = reader.string("steady_after", "1s");
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error == std::errc() && end == text.data() + text.size() && bytes < options.max_bytes) {
    return {nanoseconds::max(), bytes};
  }
  const auto time = base::parse_duration(text);
  if (time && *time < options.max_time) return {*time, UINT64_MAX};
  reader.problem_at(
      "steady_after",
      "'steady_after' is '" + text +
          "'; allowed: a number of bytes below max_bytes, or a duration below max_time");
  return by_default;
}

}  // namespace

DownloadOptions read_download(config::MapReader& reader, const std::string& default_path) {
  DownloadOptions options;
  options.path = read_path(reader, default_path);
  options.interval = reader.duration("interval", minutes(1), seconds(1), hours(24));
  options.max_bytes = static_cast<std::uint64_t>(
      reader.integer("max_bytes", kDefaultMaxBytes, kSmallestMaxBytes, kLargestMaxBytes));
  options.max_time = reader.duration("max_time", seconds(10), milliseconds(100), minutes(1));
  read_spread(reader, options);
  options.parallel = static_cast<std::size_t>(
      reader.integer("parallel", parallel_by_default(options), 1, DownloadOptions::kMaxParallel));
  options.steady_after = read_steady_after(reader, options);
  return options;
}

}  // namespace rtt::probers::http
