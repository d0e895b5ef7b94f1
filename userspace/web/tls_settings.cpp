#include "web/tls_settings.h"

#include <gnutls/x509.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/ip_address.h"

namespace rtt::web {
namespace {

using config::ClientAuth;
using config::TlsConfig;
using config::TlsProblem;
using config::TlsVersion;
using Part = config::TlsProblem::Part;

// One of Go's suites in the words of GnuTLS, which chooses key exchange, cipher and MAC apart.
struct Suite {
  std::string_view name;
  gnutls_pk_algorithm_t key;  // GNUTLS_PK_UNKNOWN: TLS 1.3, any
  std::string_view key_exchange;
  std::string_view cipher;
  std::string_view mac;
};

constexpr std::array<Suite, 13> kSuites = {{
    {"TLS_AES_128_GCM_SHA256", GNUTLS_PK_UNKNOWN, "", "AES-128-GCM", "AEAD"},
    {"TLS_AES_256_GCM_SHA384", GNUTLS_PK_UNKNOWN, "", "AES-256-GCM", "AEAD"},
    {"TLS_CHACHA20_POLY1305_SHA256", GNUTLS_PK_UNKNOWN, "", "CHACHA20-POLY1305", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", GNUTLS_PK_ECDSA, "ECDHE-ECDSA", "AES-128-GCM",
     "AEAD"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", GNUTLS_PK_RSA, "ECDHE-RSA", "AES-128-GCM", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", GNUTLS_PK_ECDSA, "ECDHE-ECDSA", "AES-256-GCM",
     "AEAD"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", GNUTLS_PK_RSA, "ECDHE-RSA", "AES-256-GCM", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", GNUTLS_PK_ECDSA, "ECDHE-ECDSA",
     "CHACHA20-POLY1305", "AEAD"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", GNUTLS_PK_RSA, "ECDHE-RSA", "CHACHA20-POLY1305",
     "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", GNUTLS_PK_ECDSA, "ECDHE-ECDSA", "AES-128-CBC", "SHA1"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", GNUTLS_PK_RSA, "ECDHE-RSA", "AES-128-CBC", "SHA1"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", GNUTLS_PK_ECDSA, "ECDHE-ECDSA", "AES-256-CBC", "SHA1"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", GNUTLS_PK_RSA, "ECDHE-RSA", "AES-256-CBC", "SHA1"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCurves = {{
    {"X25519", "X25519"},
    {"CurveP256", "SECP256R1"},
    {"CurveP384", "SECP384R1"},
    {"CurveP521", "SECP521R1"},
}};

constexpr std::array<std::string_view, 4> kVersions = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};

gnutls_datum_t datum(const std::string& text) {
  // GnuTLS only reads it.
  auto* const bytes =
      const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(text.data()));
  return {bytes, static_cast<unsigned>(text.size())};
}

class CertificateList {
 public:
  explicit CertificateList(const std::string& pem) {
    const gnutls_datum_t text = datum(pem);
    const int imported =
        gnutls_x509_crt_list_import2(&certificates_, &size_, &text, GNUTLS_X509_FMT_PEM, 0);
    if (imported < 0) error_ = gnutls_strerror(imported);
  }
  ~CertificateList() {
    for (unsigned i = 0; i < size_; ++i) gnutls_x509_crt_deinit(certificates_[i]);
    gnutls_free(static_cast<void*>(certificates_));
  }
  CertificateList(const CertificateList&) = delete;
  CertificateList& operator=(const CertificateList&) = delete;

  /// Null when it could be read.
  [[nodiscard]] const char* error() const { return error_; }
  /// Of the first one.
  [[nodiscard]] gnutls_pk_algorithm_t key() const {
    return static_cast<gnutls_pk_algorithm_t>(
        gnutls_x509_crt_get_pk_algorithm(certificates_[0], nullptr));
  }

 private:
  gnutls_x509_crt_t* certificates_ = nullptr;
  unsigned size_ = 0;
  const char* error_ = nullptr;
};

// Null when the key can be read.
const char* key_error(const std::string& pem) {
  gnutls_x509_privkey_t key = nullptr;
  gnutls_x509_privkey_init(&key);
  const gnutls_datum_t text = datum(pem);
  const int imported =
      gnutls_x509_privkey_import2(key, &text, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN);
  gnutls_x509_privkey_deinit(key);
  return imported < 0 ? gnutls_strerror(imported) : nullptr;
}

gnutls_certificate_credentials_t allocate_credentials() {
  gnutls_certificate_credentials_t credentials = nullptr;
  gnutls_certificate_allocate_credentials(&credentials);
  return credentials;
}

int set_key_pair(gnutls_certificate_credentials_t credentials, const TlsConfig& config) {
  const gnutls_datum_t certificate = datum(config.certificate);
  const gnutls_datum_t key = datum(config.key);
  return gnutls_certificate_set_x509_key_mem2(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM,
                                              nullptr, 0);
}

// An Ed25519 or RSA-PSS key goes with the suites of its relatives.
gnutls_pk_algorithm_t family_of(gnutls_pk_algorithm_t key) {
  return key == GNUTLS_PK_RSA || key == GNUTLS_PK_RSA_PSS ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA;
}

// In the order of the configuration.
std::vector<const Suite*> usable_suites(const TlsConfig& config, gnutls_pk_algorithm_t key) {
  const std::vector<std::string>& names =
      config.cipher_suites.empty() ? config::cipher_suite_names() : config.cipher_suites;
  std::vector<const Suite*> suites;
  for (const std::string& name : names) {
    const auto* const suite =
        std::ranges::find_if(kSuites, [&](const Suite& known) { return known.name == name; });
    if (suite == kSuites.end()) continue;
    const bool is_tls13 = suite->key == GNUTLS_PK_UNKNOWN;
    const bool fits =
        is_tls13 ? config.max_version == TlsVersion::kTls13
                 : suite->key == family_of(key) && config.min_version != TlsVersion::kTls13;
    if (fits) suites.push_back(suite);
  }
  return suites;
}

class PriorityText {
 public:
  void add(std::string_view kind, std::string_view name) {
    const std::string item = ":+" + std::string(kind) + std::string(name);
    if (!name.empty() && (text_ + ":").find(item + ":") == std::string::npos) text_ += item;
  }
  void option(std::string_view name) { text_ += ":%" + std::string(name); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_ = "NONE:+COMP-NULL:+CTYPE-X509:+SIGN-ALL";
};

std::string priorities_of(const TlsConfig& config, gnutls_pk_algorithm_t key) {
  PriorityText text;
  for (std::size_t version = kVersions.size(); version-- > 0;) {
    if (version < static_cast<std::size_t>(config.min_version)) continue;
    if (version <= static_cast<std::size_t>(config.max_version))
      text.add("VERS-", kVersions[version]);
  }
  for (const Suite* suite : usable_suites(config, key)) {
    text.add("", suite->key_exchange);
    text.add("", suite->cipher);
    text.add("", suite->mac);
  }
  const std::vector<std::string>& curves =
      config.curves.empty() ? config::curve_names() : config.curves;
  for (const std::string& curve : curves) {
    for (const auto& [name, group] : kCurves) {
      if (name == curve) text.add("GROUP-", group);
    }
  }
  if (config.prefer_server_cipher_suites) text.option("SERVER_PRECEDENCE");
  return text.text();
}

// Whether one of the names that the certificate is for is among `allowed`.
bool has_name_of(gnutls_x509_crt_t certificate, const std::vector<std::string>& allowed) {
  for (unsigned i = 0;; ++i) {
    std::array<char, 1024> value{};
    std::size_t size = value.size();
    const int type =
        gnutls_x509_crt_get_subject_alt_name(certificate, i, value.data(), &size, nullptr);
    if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) return false;
    std::string name(value.data(), std::min(size, value.size()));
    if (type == GNUTLS_SAN_IPADDRESS) {
      base::IpAddress::Bytes bytes{};
      if (size == sizeof(in_addr)) {
        in_addr v4{};
        std::copy_n(value.data(), size, reinterpret_cast<char*>(&v4));
        name = base::IpAddress(v4).to_string();
      } else if (size == bytes.size()) {
        std::copy_n(value.data(), size, bytes.begin());
        name = base::IpAddress(bytes).to_string();
      }
    } else if (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_RFC822NAME &&
               type != GNUTLS_SAN_URI) {
      continue;
    }
    if (std::ranges::find(allowed, name) != allowed.end()) return true;
  }
}

bool is_signed_by_authority(gnutls_session_t session) {
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st expected{.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                 .data = reinterpret_cast<unsigned char*>(purpose.data()),
                                 .size = 0};
  unsigned status = 0;
  return gnutls_certificate_verify_peers(session, &expected, 1, &status) >= 0 && status == 0;
}

bool shows_name_of(gnutls_session_t session, const std::vector<std::string>& allowed) {
  unsigned size = 0;
  const gnutls_datum_t* const shown = gnutls_certificate_get_peers(session, &size);
  if (shown == nullptr || size == 0) return false;
  gnutls_x509_crt_t certificate = nullptr;
  gnutls_x509_crt_init(&certificate);
  const bool found = gnutls_x509_crt_import(certificate, &shown[0], GNUTLS_X509_FMT_DER) >= 0 &&
                     has_name_of(certificate, allowed);
  gnutls_x509_crt_deinit(certificate);
  return found;
}

gnutls_certificate_request_t request_of(ClientAuth auth) {
  switch (auth) {
    case ClientAuth::kNoClientCert:
      return GNUTLS_CERT_IGNORE;
    case ClientAuth::kRequestClientCert:
    case ClientAuth::kVerifyClientCertIfGiven:
      return GNUTLS_CERT_REQUEST;
    case ClientAuth::kRequireAnyClientCert:
    case ClientAuth::kRequireAndVerifyClientCert:
      break;
  }
  return GNUTLS_CERT_REQUIRE;
}

}  // namespace

std::vector<TlsProblem> check_tls(const TlsConfig& config) {
  std::vector<TlsProblem> problems;
  const auto note = [&problems](Part part, std::string text) {
    problems.push_back({part, std::move(text)});
    return false;
  };
  const auto is_good_list = [&note](Part part, const std::string& pem) {
    const CertificateList list(pem);
    return list.error() == nullptr ||
           note(part, std::string("not a certificate in PEM: ") + list.error());
  };
  const bool has_certificate =
      !config.certificate.empty() && is_good_list(Part::kCertificate, config.certificate);
  const char* const bad_key = config.key.empty() ? nullptr : key_error(config.key);
  if (bad_key != nullptr) {
    note(Part::kKey, std::string("not a private key in PEM without a password: ") + bad_key);
  }
  if (!config.client_ca.empty()) is_good_list(Part::kClientCa, config.client_ca);
  if (!has_certificate) return problems;
  const CertificateList list(config.certificate);
  if (!config.cipher_suites.empty() && usable_suites(config, list.key()).empty()) {
    note(Part::kCipherSuites,
         "none of them fits both the versions and the certificate, whose key is " +
             std::string(gnutls_pk_get_name(list.key())));
  }
  if (config.key.empty() || bad_key != nullptr) return problems;
  const auto credentials = allocate_credentials();
  const int set = set_key_pair(credentials, config);
  gnutls_certificate_free_credentials(credentials);
  if (set < 0) {
    note(Part::kKey, std::string("not the key of the certificate: ") + gnutls_strerror(set));
  }
  return problems;
}

base::Result<std::shared_ptr<const TlsSettings>> TlsSettings::create(TlsConfig config) {
  const auto refused = [](const char* what, int error) {
    return base::Error{std::string("GnuTLS refuses the ") + what + ": " + gnutls_strerror(error)};
  };
  Credentials credentials(allocate_credentials());
  if (const int set = set_key_pair(credentials.get(), config); set < 0) {
    return refused("certificate", set);
  }
  if (!config.client_ca.empty()) {
    const gnutls_datum_t ca = datum(config.client_ca);
    const int set =
        gnutls_certificate_set_x509_trust_mem(credentials.get(), &ca, GNUTLS_X509_FMT_PEM);
    if (set < 0) return refused("client authorities", set);
  }
  const CertificateList list(config.certificate);
  const std::string text = priorities_of(config, list.key());
  gnutls_priority_t raw = nullptr;
  if (const int set = gnutls_priority_init(&raw, text.c_str(), nullptr); set < 0) {
    return refused("versions and cipher suites", set);
  }
  Priorities priorities(raw);
  return std::shared_ptr<const TlsSettings>(
      new TlsSettings(std::move(config), std::move(credentials), std::move(priorities)));
}

TlsSettings::TlsSettings(TlsConfig config, Credentials credentials, Priorities priorities)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      priorities_(std::move(priorities)) {}

void TlsSettings::apply(gnutls_session_t session,
                        gnutls_certificate_verify_function* verify) const {
  static std::string http = "http/1.1";
  const gnutls_datum_t protocol = datum(http);
  gnutls_priority_set(session, priorities_.get());
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials_.get());
  gnutls_certificate_server_set_request(session, request_of(config_.client_auth));
  gnutls_session_set_verify_function(session, verify);
  gnutls_alpn_set_protocols(session, &protocol, 1, 0);
}

bool TlsSettings::accepts(gnutls_session_t session) const {
  unsigned shown = 0;
  if (gnutls_certificate_get_peers(session, &shown) == nullptr || shown == 0) {
    return request_of(config_.client_auth) != GNUTLS_CERT_REQUIRE;
  }
  if (!config_.client_ca.empty() && !is_signed_by_authority(session)) return false;
  return config_.client_allowed_sans.empty() || shows_name_of(session, config_.client_allowed_sans);
}

}  // namespace rtt::web
