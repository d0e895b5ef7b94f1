// What curl's errors are called in the ledger.
#pragma once

#include <curl/curl.h>

#include "metrics/failure_reason.h"

namespace rtt::probers::http {

/// A transfer that failed, other than by its timeout.
struct CurlFailure {
  CURLcode result = CURLE_OK;  // CURLE_OK: the connection ended within the headers
  int error_number = 0;        // of the socket (CURLINFO_OS_ERRNO)
  bool at_once = false;        // connect(2) itself failed, nothing was sent
  bool over_tls = false;
};
[[nodiscard]] metrics::FailureReason failure_reason(const CurlFailure& failure);

}  // namespace rtt::probers::http
