#include "probers/http/curl_failure.h"

#include <cerrno>

#include "probers/socket_options.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;

FailureReason connect_failure(int error_number, bool at_once) {
  switch (error_number) {
    case ECONNREFUSED:
    case ECONNRESET:
      return FailureReason::kRefused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EACCES:  // ICMP "administratively prohibited"
      return at_once ? local_failure(error_number) : FailureReason::kUnreachable;
    default:
      return local_failure(error_number);
  }
}

}  // namespace

FailureReason failure_reason(const CurlFailure& failure) {
  switch (failure.result) {
    case CURLE_COULDNT_CONNECT:
      return connect_failure(failure.error_number, failure.at_once);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_INITFAILED:
      return FailureReason::kTls;
    case CURLE_RECV_ERROR:
      // Without an error of the socket it was the chunks of the body that could not be read.
      return failure.error_number == 0 && !failure.over_tls ? FailureReason::kBadReply
                                                            : FailureReason::kDisconnected;
    case CURLE_OK:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return FailureReason::kDisconnected;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // a header line beyond curl's limit of 100 KiB
      return FailureReason::kTooLarge;
    case CURLE_UNSUPPORTED_PROTOCOL:  // no status line: HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_TOO_MANY_REDIRECTS:
      return FailureReason::kBadReply;
    default:
      return FailureReason::kSendError;
  }
}

}  // namespace rtt::probers::http
