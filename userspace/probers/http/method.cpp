#include "probers/http/method.h"

#include "probers/http/engine.h"
#include "probers/http/options.h"

namespace rtt::probers::http {

Method method() {
  using metrics::FailureReason;
  return {
      .schema = {.name = "http", .read_options = read_options, .over_tcp = true},
      .reasons = {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
                  FailureReason::kUnreachable, FailureReason::kRefused,
                  FailureReason::kDisconnected, FailureReason::kBadReply, FailureReason::kTls,
                  FailureReason::kBadStatus, FailureReason::kTooLarge, FailureReason::kSendError,
                  FailureReason::kCancelled},
      .create_engine = HttpEngine::create,
      .features = {.http = true}};
}

}  // namespace rtt::probers::http
