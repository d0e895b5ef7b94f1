// The certificates that may sign those of peers, parsed.
//
// Parsing takes tens of milliseconds, so it is done once, when the configuration is loaded, and never on the probe
// loop. Immutable, shared by all connections; a reload reads the file again.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

struct x509_store_st;  // OpenSSL's X509_STORE

namespace rtt::probers::http {

class TrustStore {
 public:
  /// Of a file of PEM certificates. Error: why there is none.
  [[nodiscard]] static base::Result<std::shared_ptr<const TrustStore>> load(
      const std::string& path);
  /// Where the system has its own.
  [[nodiscard]] static std::string system_file();
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  /// Makes a connection's context (SSL_CTX) trust these and no others.
  void apply(void* context) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether they are the same certificates.
  [[nodiscard]] bool equals(const TrustStore& other) const { return pem_ == other.pem_; }

 private:
  TrustStore(std::string path, std::string pem, x509_store_st* store)
      : path_(std::move(path)), pem_(std::move(pem)), store_(store) {}

  const std::string path_;
  const std::string pem_;
  x509_store_st* const store_;
};

}  // namespace rtt::probers::http
