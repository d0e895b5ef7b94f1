#include "passive/namespace_opener.h"

#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

TEST(EstablishedConnections, AreReadByTheirName) {
  EXPECT_EQ(parse_established("Ip: Forwarding DefaultTTL\nIp: 1 64\n"
                              "Tcp: RtoAlgorithm MaxConn CurrEstab InSegs\nTcp: 1 -1 12 99\n"
                              "Udp: InDatagrams\nUdp: 7\n"),
            12U);
}

TEST(EstablishedConnections, AreUnknownInAnotherText) {
  for (const char* text :
       {"", "\n", "Tcp: ", "Tcp: CurrEstab", "Tcp: CurrEstab\n", "Tcp: A B\nTcp: 1 2\n",
        "Tcp: A CurrEstab\nTcp: 1\n", "Tcp: CurrEstab\nTcp: -1\n", "Tcp: CurrEstab\nTcp: 1x\n",
        "Tcp: CurrEstab\nTcp: 99999999999999999999\n", "Udp: CurrEstab\nUdp: 1\n"}) {
    EXPECT_EQ(parse_established(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rtt::passive
