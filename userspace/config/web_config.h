// The file behind --web.config.file: TLS, response headers and passwords, in the format of
// Prometheus' exporter-toolkit (docs/web-configuration.md).
//
// Plain values, with the files that they name already read. A WebConfig from the loader satisfies
// every rule that the comments below state.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/file_stamp.h"
#include "config/loader.h"

namespace rtt::config {

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

/// As the constants of Go's crypto/tls.
enum class ClientAuth {
  kNoClientCert,
  kRequestClientCert,
  kRequireAnyClientCert,
  kVerifyClientCertIfGiven,
  kRequireAndVerifyClientCert,
};

struct TlsConfig {
  std::string certificate;  // PEM, not empty: the server's own, then intermediate ones
  std::string key;          // PEM, not empty
  std::string client_ca;    // PEM; not empty exactly when the client's certificate is verified
  ClientAuth client_auth = ClientAuth::kNoClientCert;
  std::vector<std::string> client_allowed_sans;  // only with a certificate that is required
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;  // not below min_version
  std::vector<std::string> cipher_suites;       // of cipher_suite_names(); empty: all
  std::vector<std::string> curves;              // of curve_names(); empty: all
  bool prefer_server_cipher_suites = true;
};

struct WebConfig {
  std::optional<TlsConfig> tls;                              // nothing: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;  // of every answer; no value is empty
  std::vector<std::pair<std::string, std::string>> users;  // name, bcrypt hash; empty: no passwords
};

/// What is wrong with the content of a TlsConfig, and with which part of it.
struct TlsProblem {
  enum class Part { kCertificate, kKey, kClientCa, kCipherSuites } part;
  std::string text;
};
/// Says what only a TLS library can tell.
using CheckTls = std::function<std::vector<TlsProblem>(const TlsConfig&)>;

struct LoadedWebConfig {
  WebConfig config;   // good only without problems
  Problems problems;  // empty: the configuration can be used
  /// All that was read, or could not be: the configuration first.
  std::vector<StampedFile> files;
};

/// `path` names the text in problems, and the directory that other names in it are relative to.
[[nodiscard]] LoadedWebConfig load_web(std::string_view text, const std::string& path,
                                       const CheckTls& check_tls);
/// Reads the file first; one that cannot be read is one problem.
[[nodiscard]] LoadedWebConfig load_web_file(const std::string& path, const CheckTls& check_tls);

/// The names of Go's crypto/tls that the configuration may use, in the order of the default.
[[nodiscard]] const std::vector<std::string>& cipher_suite_names();
[[nodiscard]] const std::vector<std::string>& curve_names();

}  // namespace rtt::config
