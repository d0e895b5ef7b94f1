// What tests of the ICMP method share.
#pragma once

#include "integration/icmp_probers.h"
#include "integration/icmp_responder.h"

namespace rtt::probers::icmp {

/// Two hosts on one link; the probers run on the near one.
class IcmpTest : public testing::Test {
 protected:
  Namespace near_;
  Namespace far_;
  support::LinkAddresses link_ = support::connect_by_veth(near_, far_);
};

}  // namespace rtt::probers::icmp
