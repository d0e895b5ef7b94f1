#include "probers/http/read_keys.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace rtt::probers::http {
namespace {

using Problem = std::optional<std::string>;

constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxHeaders = 32;
constexpr std::size_t kMaxHeaderValue = 4096;

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kDelimiters = "\"(),/:;<=>?@[\\]{}";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_visible(c) && kDelimiters.find(c) == std::string_view::npos;
  });
}

// What curl makes itself, and what would change what is measured.
bool is_ours(std::string name) {
  constexpr std::array<std::string_view, 8> kOurs = {
      "host",    "connection", "content-length", "transfer-encoding", "expect",
      "upgrade", "te",         "accept-encoding"};
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
}

Problem add_status(const std::string& text, StatusSet& statuses) {
  constexpr std::size_t kClass = 100;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  const bool right_size = text.size() == 3 && text[0] >= '2' && text[0] <= '5';
  if (right_size && text.ends_with("xx")) {
    const std::size_t first = kClass * static_cast<std::size_t>(text[0] - '0');
    for (std::size_t code = first; code < first + kClass; ++code) statuses.set(code);
    return std::nullopt;
  }
  if (right_size && digit(1) && digit(2)) {
    statuses.set(std::stoul(text));
    return std::nullopt;
  }
  return "status '" + text + "'; allowed: a code from 200 to 599, or a class: 2xx, 3xx, 4xx, 5xx";
}

}  // namespace

std::string read_path(config::MapReader& reader, const std::string& default_path) {
  std::string path = reader.string("path", default_path);
  const bool right = path.starts_with('/') && path.size() <= kMaxPath &&
                     path.find('#') == std::string::npos &&
                     std::all_of(path.begin(), path.end(), is_visible);
  if (right) return path;
  reader.problem_at("path",
                    "'path' is '" + path.substr(0, 80) +
                        "'; allowed: '/' and what follows it, such as /health?deep=1, in ASCII "
                        "without spaces and '#' (percent-encode the rest), at most " +
                        std::to_string(kMaxPath) + " bytes");
  return default_path;
}

StatusSet read_valid_status(config::MapReader& reader) {
  StatusSet statuses;
  if (!reader.has("valid_status")) {
    (void)add_status("2xx", statuses);
    (void)add_status("3xx", statuses);
    return statuses;
  }
  bool any = false;
  reader.each_item("valid_status", "status codes and classes, such as [2xx, 404]",
                   [&](const std::string& text) {
                     any = true;
                     return add_status(text, statuses);
                   });
  if (!any) {
    reader.problem_at(
        "valid_status",
        "'valid_status' names no status; allowed: a list of codes from 200 to 599 and "
        "classes, such as [2xx, 404]");
  }
  return statuses;
}

std::vector<std::string> read_headers(config::MapReader& reader) {
  std::vector<std::string> headers;
  reader.each_entry("headers", [&](const std::string& name, const std::string& value) -> Problem {
    if (!is_token(name)) return "'" + name + "' is not the name of a header (RFC 9110 5.6.2)";
    if (is_ours(name)) {
      return "header '" + name +
             "' is set by the probe; allowed: others (for Host use 'host_header')";
    }
    const bool printable =
        std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || is_visible(c); });
    if (!printable || value.size() > kMaxHeaderValue) {
      return "the value of header '" + name + "'; allowed: printable ASCII, at most " +
             std::to_string(kMaxHeaderValue) + " bytes";
    }
    if (headers.size() == kMaxHeaders) {
      return "header '" + name + "' is one too many; allowed: " + std::to_string(kMaxHeaders);
    }
    // How curl is told to send an empty header instead of none.
    headers.push_back(value.empty() ? name + ";" : name + ": " + value);
    return std::nullopt;
  });
  return headers;
}

}  // namespace rtt::probers::http
