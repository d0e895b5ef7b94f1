#include "probers/http/request.h"

#include "base/ip_address.h"

namespace rtt::probers::http {
namespace {

// Longer than the longest interval: only the peer ends a kept connection.
constexpr long kMaxIdleSeconds = 2 * 3600;

std::string url_of(const Options& options, const std::string& peer, const std::string& path) {
  std::string host = options.host_header.empty() ? peer : options.host_header;
  if (host.ends_with('.')) host.pop_back();
  if (const auto address = base::IpAddress::parse(host)) {
    host = address->is_v4() ? address->to_string() : "[" + address->to_string() + "]";
  }
  return (options.https ? "https://" : "http://") + host + ":" + std::to_string(options.port) +
         path;
}

CURLcode trust(CURL*, void* context, void* store) {
  static_cast<const TrustStore*>(store)->apply(context);
  return CURLE_OK;
}

}  // namespace

Request::Request(const Options& options, const std::string& peer, const std::string& path)
    : https_(options.https), trust_(options.trust), url_(url_of(options, peer, path)) {
  for (const std::string& header : options.headers) {
    curl_slist* const grown = curl_slist_append(headers_.get(), header.c_str());
    if (grown == nullptr) continue;
    (void)headers_.release();  // `grown` is the same list
    headers_.reset(grown);
  }
}

EasyHandle Request::create_handle() const {
  EasyHandle handle(curl_easy_init());
  CURL* const easy = handle.get();
  if (easy == nullptr) return handle;
  const bool ready = curl_easy_setopt(easy, CURLOPT_URL, url_.c_str()) == CURLE_OK &&
                     curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
                     curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
                     curl_easy_setopt(easy, CURLOPT_USERAGENT, "rtt_exporter") == CURLE_OK;
  if (!ready) return {};
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  if (!https_) return handle;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, trust_ ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, trust_ ? 2L : 0L);
  // Every handshake is a whole one, so that they compare.
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  // curl is not to parse certificates itself: that holds the loop.
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  if (!trust_) return handle;
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust_.get());
  const CURLcode can_trust = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, trust);
  return can_trust == CURLE_OK ? std::move(handle) : EasyHandle();
}

}  // namespace rtt::probers::http
