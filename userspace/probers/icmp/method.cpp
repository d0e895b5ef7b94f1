#include "probers/icmp/method.h"

#include "probers/icmp/engine.h"
#include "probers/icmp/options.h"

namespace rtt::probers::icmp {

Method method() {
  using metrics::FailureReason;
  return {
      .schema = {.name = "icmp", .read_options = read_options},
      .reasons = {FailureReason::kUnresolved, FailureReason::kNoRoute, FailureReason::kNoInterface,
                  FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kTooBig,
                  FailureReason::kSendError, FailureReason::kCancelled},
      .create_engine = IcmpEngine::create,
      .features = {.path_changes = true}};
}

}  // namespace rtt::probers::icmp
