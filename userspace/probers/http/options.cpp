#include "probers/http/options.h"

#include "config/host_name.h"
#include "probers/http/read_keys.h"

namespace rtt::probers::http {
namespace {

constexpr std::int64_t kMaxPort = 65535;
constexpr std::int64_t kHttpPort = 80;
constexpr std::int64_t kHttpsPort = 443;
constexpr std::int64_t kDefaultMaxBytes = std::int64_t{1} << 20U;
constexpr std::int64_t kLargestMaxBytes = std::int64_t{1} << 30U;

// Whether it is the second of the two; the first is the default.
bool read_choice(config::MapReader& reader, const char* key, const std::string& first,
                 const std::string& second) {
  const std::string text = reader.string(key, first);
  if (text != first && text != second) {
    reader.problem_at(
        key, "'" + std::string(key) + "' is '" + text + "'; allowed: " + first + " or " + second);
  }
  return text == second;
}

std::string read_host_header(config::MapReader& reader) {
  std::string text = reader.string("host_header", "");
  if (text.empty()) return text;
  auto host = config::canonical_host(text);
  if (host) return *std::move(host);
  reader.problem_at("host_header", "'host_header': " + host.error().message);
  return {};
}

std::string read_ca_file(config::MapReader& tls) {
  std::string path = tls.string("ca_file", "");
  if (path.empty() || path.front() == '/') return path;
  tls.problem_at("ca_file", "'ca_file' is '" + path +
                                "'; allowed: the absolute path of a file of PEM certificates");
  return {};
}

std::shared_ptr<const TrustStore> load_trust(config::MapReader& reader, const char* key,
                                             const std::string& path) {
  auto trust = TrustStore::load(path);
  if (trust) return *std::move(trust);
  reader.problem_at(key, trust.error().message +
                             "; allowed with 'scheme: https': a readable file of PEM certificates "
                             "(tls.ca_file; the system's own are in the package ca-certificates)");
  return nullptr;
}

std::shared_ptr<const TrustStore> read_tls(config::MapReader& reader) {
  std::shared_ptr<const TrustStore> trust;
  bool verify = true;
  reader.section("tls", [&](config::MapReader& tls) {
    const std::string path = read_ca_file(tls);
    verify = !tls.boolean("insecure_skip_verify", false);
    if (!path.empty()) trust = load_trust(tls, "ca_file", path);
  });
  if (!verify) return nullptr;
  return trust ? trust : load_trust(reader, "scheme", TrustStore::system_file());
}

bool trust_the_same(const Options& a, const Options& b) {
  if (!a.trust || !b.trust) return a.trust == b.trust;
  return a.trust->equals(*b.trust);
}

}  // namespace

std::shared_ptr<const config::MethodOptions> Options::for_burst() const {
  if (!download) return nullptr;
  auto probes_only = std::make_shared<Options>(*this);
  probes_only->download.reset();
  return probes_only;
}

std::vector<std::string> Options::files() const {
  return trust ? std::vector<std::string>{trust->path()} : std::vector<std::string>();
}

bool Options::equals(const config::MethodOptions& other) const {
  const auto* same = dynamic_cast<const Options*>(&other);
  return same && https == same->https && port == same->port && path == same->path &&
         host_header == same->host_header && keep == same->keep &&
         valid_status == same->valid_status && trust_the_same(*this, *same) &&
         headers == same->headers && max_bytes == same->max_bytes && socket == same->socket &&
         download == same->download;
}

std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader) {
  auto options = std::make_shared<Options>();
  options->https = read_choice(reader, "scheme", "http", "https");
  options->port = static_cast<std::uint16_t>(
      reader.integer("port", options->https ? kHttpsPort : kHttpPort, 1, kMaxPort));
  options->path = read_path(reader, "/");
  options->host_header = read_host_header(reader);
  options->keep = !read_choice(reader, "connection", "kept", "fresh");
  options->valid_status = read_valid_status(reader);
  options->headers = read_headers(reader);
  options->max_bytes = static_cast<std::uint64_t>(
      reader.integer("max_bytes", kDefaultMaxBytes, 1, kLargestMaxBytes));
  options->socket = read_socket_options(reader);
  if (options->https) {
    options->trust = read_tls(reader);
  } else if (reader.has("tls")) {
    reader.problem_at("tls", "'tls' without 'scheme: https'; allowed: both or neither");
  }
  reader.section("download", [&](config::MapReader& download) {
    options->download = read_download(download, options->path);
  });
  return options;
}

}  // namespace rtt::probers::http
