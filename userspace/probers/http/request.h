// What all requests of one prober have in common, as curl takes it.
#pragma once

#include <string>

#include "probers/http/curl_handle.h"
#include "probers/http/options.h"

namespace rtt::probers::http {

/// Bytes of a response's headers; past them it is too large.
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{64} * 1024;

class Request {
 public:
  /// `peer`: as configured; the name in the URL if the options have no other.
  Request(const Options& options, const std::string& peer, const std::string& path);

  /// A handle ready for a GET of it over a connection made by somebody else's rules: nothing is resolved, no proxy,
  /// no redirect, no cookie, no decompression, no other protocol. Null when there is no memory. The request must
  /// outlive it.
  [[nodiscard]] EasyHandle create_handle() const;
  [[nodiscard]] bool is_https() const { return https_; }

 private:
  const bool https_;
  const std::shared_ptr<const TrustStore> trust_;
  const std::string url_;
  StringList headers_;
};

}  // namespace rtt::probers::http
