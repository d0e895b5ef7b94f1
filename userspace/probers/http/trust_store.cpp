#include "probers/http/trust_store.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace rtt::probers::http {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) return base::errno_error("cannot read '" + path + "'");
  if (text.size() > kMaxBytes) return base::Error{"'" + path + "' is larger than 16 MiB"};
  return text;
}

// Returns how many there were.
int add_certificates(const std::string& pem, X509_STORE* store) {
  const std::unique_ptr<BIO, int (*)(BIO*)> source(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // how PEM_read_bio_X509() says that this was the last
  return count;
}

}  // namespace

base::Result<std::shared_ptr<const TrustStore>> TrustStore::load(const std::string& path) {
  auto pem = read_file(path);
  if (!pem) return pem.error();
  X509_STORE* const store = X509_STORE_new();
  if (store == nullptr) return base::Error{"no memory for the certificates of '" + path + "'"};
  std::shared_ptr<const TrustStore> trust(new TrustStore(path, *std::move(pem), store));
  if (add_certificates(trust->pem_, store) == 0) {
    return base::Error{"there is no PEM certificate in '" + path + "'"};
  }
  // An intermediate or the peer's own certificate may be what is trusted, as with curl.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return trust;
}

std::string TrustStore::system_file() {
  const char* const path = curl_version_info(CURLVERSION_NOW)->cainfo;
  return path == nullptr ? "/etc/ssl/certs/ca-certificates.crt" : path;
}

TrustStore::~TrustStore() { X509_STORE_free(store_); }

void TrustStore::apply(void* context) const {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), store_);
}

}  // namespace rtt::probers::http
