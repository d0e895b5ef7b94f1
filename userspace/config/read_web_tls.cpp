#include <algorithm>
#include <array>
#include <span>

#include "config/map_access.h"
#include "config/read_choice.h"
#include "config/read_file.h"
#include "config/read_web.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::size_t kMaxPem = std::size_t{1} << 20U;

constexpr std::array<std::pair<std::string_view, ClientAuth>, 6> kClientAuth = {{
    {"NoClientCert", ClientAuth::kNoClientCert},
    {"RequestClientCert", ClientAuth::kRequestClientCert},
    {"RequireAnyClientCert", ClientAuth::kRequireAnyClientCert},
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyClientCertIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerifyClientCert},
    {"RequireClientCert", ClientAuth::kRequireAnyClientCert},  // its old name
}};

constexpr std::array<std::pair<std::string_view, TlsVersion>, 4> kVersions = {{
    {"TLS10", TlsVersion::kTls10},
    {"TLS11", TlsVersion::kTls11},
    {"TLS12", TlsVersion::kTls12},
    {"TLS13", TlsVersion::kTls13},
}};

std::vector<std::string> read_names(MapReader& section, std::string_view key,
                                    const std::vector<std::string>& allowed,
                                    std::string_view of_what) {
  std::vector<std::string> names;
  for (const Node* item : Loader::take_list(section, key, of_what)) {
    const bool known = item->kind == Node::Kind::kScalar &&
                       std::ranges::find(allowed, item->text) != allowed.end();
    if (known) {
      names.push_back(item->text);
      continue;
    }
    Loader::problems(section).add(item->place, "item of " + in_quotes(key) + description(*item) +
                                                   suggestion(item->text, allowed) +
                                                   "; allowed: " + listed(allowed));
  }
  return names;
}

std::vector<std::string> read_sans(MapReader& section) {
  std::vector<std::string> sans;
  for (const Node* item : Loader::take_list(section, "client_allowed_sans", "names")) {
    auto text = to_text(*item);
    if (text && !text->empty()) {
      sans.push_back(*std::move(text));
    } else {
      Loader::problems(section).add(item->place,
                                    "item of 'client_allowed_sans'" + description(*item) +
                                        "; allowed: a DNS name, an IP or e-mail address or a URI");
    }
  }
  return sans;
}

// Text that stands in the file itself or in another one. What it is may be secret, so that no
// problem quotes it.
class PemReader {
 public:
  PemReader(MapReader& section, WebFiles& files) : section_(section), files_(files) {}

  std::string read(const std::string& inline_key, const std::string& file_key) {
    const Node* text = Loader::take(section_, inline_key);
    const Node* name = Loader::take(section_, file_key);
    if (text != nullptr && name != nullptr) {
      section_.problem_at(file_key, in_quotes(file_key) + " beside " + in_quotes(inline_key) +
                                        "; allowed: one of the two");
      return "";
    }
    if (text != nullptr) return read_inline(inline_key, *text);
    if (name != nullptr) return read_from_file(file_key, *name);
    return "";
  }

  std::string read_required(const std::string& inline_key, const std::string& file_key) {
    std::string text = read(inline_key, file_key);
    if (!section_.has(inline_key) && !section_.has(file_key)) {
      section_.problem_at(
          file_key, "key " + in_quotes(file_key) + " is missing; allowed: " + in_quotes(file_key) +
                        " (the name of a PEM file) or " + in_quotes(inline_key) + " (PEM text)");
    }
    return text;
  }

 private:
  std::string read_inline(const std::string& key, const Node& text) {
    if (text.kind == Node::Kind::kScalar && !text.text.empty()) return text.text;
    section_.problem_at(key, in_quotes(key) + " is no text; allowed: PEM text");
    return "";
  }

  std::string read_from_file(const std::string& key, const Node& name) {
    const auto file = to_text(name);
    if (!file || file->empty()) {
      section_.problem_at(key,
                          in_quotes(key) + description(name) + "; allowed: the name of a PEM file");
      return "";
    }
    auto content = files_.read(*file);
    if (!content) {
      section_.problem_at(key, in_quotes(key) + ": " + content.error().message);
      return "";
    }
    if (content->empty()) section_.problem_at(key, in_quotes(key) + ": the file is empty");
    return *std::move(content);
  }

  MapReader& section_;
  WebFiles& files_;
};

bool is_verified(ClientAuth auth) {
  return auth == ClientAuth::kVerifyClientCertIfGiven ||
         auth == ClientAuth::kRequireAndVerifyClientCert;
}

bool is_required(ClientAuth auth) {
  return auth == ClientAuth::kRequireAnyClientCert ||
         auth == ClientAuth::kRequireAndVerifyClientCert;
}

void read_client_side(MapReader& section, PemReader& pem, TlsConfig& tls) {
  tls.client_auth =
      read_choice<ClientAuth>(section, "client_auth_type", kClientAuth, tls.client_auth);
  tls.client_ca = pem.read("client_ca", "client_ca_file");
  tls.client_allowed_sans = read_sans(section);
  const bool has_ca = section.has("client_ca") || section.has("client_ca_file");
  const char* const ca_key = section.has("client_ca") ? "client_ca" : "client_ca_file";
  if (has_ca && !is_verified(tls.client_auth)) {
    section.problem_at(ca_key, in_quotes(ca_key) +
                                   " is not used; allowed: with client_auth_type "
                                   "RequireAndVerifyClientCert or VerifyClientCertIfGiven");
  }
  if (!has_ca && is_verified(tls.client_auth)) {
    section.problem_at("client_auth_type",
                       "'client_auth_type' verifies certificates, but by which authority? allowed: "
                       "with client_ca_file or client_ca");
  }
  if (!tls.client_allowed_sans.empty() && !is_required(tls.client_auth)) {
    section.problem_at("client_allowed_sans",
                       "'client_allowed_sans' is not used; allowed: with client_auth_type "
                       "RequireAndVerifyClientCert or RequireAnyClientCert");
  }
}

void read_versions(MapReader& section, TlsConfig& tls) {
  tls.min_version = read_choice<TlsVersion>(section, "min_version", kVersions, tls.min_version);
  tls.max_version = read_choice<TlsVersion>(section, "max_version", kVersions, tls.max_version);
  if (tls.max_version >= tls.min_version) return;
  section.problem_at(section.has("max_version") ? "max_version" : "min_version",
                     "'max_version' lies below 'min_version' (TLS12 if it is not given)");
}

const char* key_of(TlsProblem::Part part, MapReader& section) {
  switch (part) {
    case TlsProblem::Part::kCertificate:
      return section.has("cert") ? "cert" : "cert_file";
    case TlsProblem::Part::kKey:
      return section.has("key") ? "key" : "key_file";
    case TlsProblem::Part::kClientCa:
      return section.has("client_ca") ? "client_ca" : "client_ca_file";
    case TlsProblem::Part::kCipherSuites:
      break;
  }
  return "cipher_suites";
}

TlsConfig read_section_tls(MapReader& section, WebFiles& files, const CheckTls& check) {
  TlsConfig tls;
  PemReader pem(section, files);
  tls.certificate = pem.read_required("cert", "cert_file");
  tls.key = pem.read_required("key", "key_file");
  read_client_side(section, pem, tls);
  read_versions(section, tls);
  tls.cipher_suites = read_names(section, "cipher_suites", cipher_suite_names(), "cipher suites");
  tls.prefer_server_cipher_suites =
      section.boolean("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  tls.curves = read_names(section, "curve_preferences", curve_names(), "curves");
  for (const TlsProblem& problem : check(tls)) {
    const char* const key = key_of(problem.part, section);
    section.problem_at(key, in_quotes(key) + ": " + problem.text);
  }
  return tls;
}

}  // namespace

base::Result<std::string> WebFiles::read(const std::string& name) {
  const std::string path = (directory_ / name).string();
  read_.push_back({path, FileStamp::of(path)});
  return read_file(path, kMaxPem);
}

const std::vector<std::string>& cipher_suite_names() {
  static const std::vector<std::string> names = {
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
      "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
  };
  return names;
}

const std::vector<std::string>& curve_names() {
  static const std::vector<std::string> names = {"X25519", "CurveP256", "CurveP384", "CurveP521"};
  return names;
}

std::optional<TlsConfig> read_tls(MapReader& root, WebFiles& files, const CheckTls& check) {
  std::optional<TlsConfig> tls;
  const Node* const mapping = Loader::take_mapping(root, "tls_server_config");
  if (mapping == nullptr || mapping->entries.empty()) return tls;
  MapReader section = Loader::open(*mapping, Loader::problems(root));
  tls = read_section_tls(section, files, check);
  Loader::finish(section);
  return tls;
}

}  // namespace rtt::config
