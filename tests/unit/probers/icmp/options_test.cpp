#include "probers/icmp/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "probers/icmp/method.h"
#include "unit/probers/loaded_probe.h"

namespace rtt::probers::icmp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Loaded load(const std::string& keys) {
  const config::MethodSchema schema = method().schema;
  return config::load("probes:\n  ping: {method: icmp" + keys +
                          "}\ntargets:\n  - {name: t, hosts: [h], probes: [ping]}\n",
                      "test.yml", std::span(&schema, 1));
}

Options options(const std::string& keys) { return options_in<Options>(load(keys)); }

config::Problems problems(const std::string& keys) { return problems_in(load(keys)); }

TEST(IcmpOptions, HaveDefaults) {
  EXPECT_EQ(options("").payload_bytes, 56);
  EXPECT_EQ(options("").socket.dscp, 0);
  EXPECT_EQ(options("").socket.source, std::nullopt);
}

TEST(IcmpOptions, AreReadFromTheConfiguration) {
  const Options read = options(", payload_bytes: 1400, dscp: 46, source: \"2001:db8::5\"");
  EXPECT_EQ(read.payload_bytes, 1400);
  EXPECT_EQ(read.socket.dscp, 46);
  EXPECT_EQ(read.socket.source, base::IpAddress::parse("2001:db8::5"));
}

TEST(IcmpOptions, AllowThePayloadsThatHoldATokenAndFitAPacket) {
  EXPECT_EQ(options(", payload_bytes: 8").payload_bytes, 8);
  EXPECT_EQ(options(", payload_bytes: 65507").payload_bytes, 65507);
  EXPECT_THAT(problems(", payload_bytes: 7"), ElementsAre(HasSubstr("8 to 65507")));
  EXPECT_THAT(problems(", payload_bytes: 65508"), ElementsAre(HasSubstr("8 to 65507")));
}

TEST(IcmpOptions, AllowUpToSixtyFourIdentifiers) {
  EXPECT_EQ(options("").identifiers, 1);
  EXPECT_EQ(options(", identifiers: 64").identifiers, 64);
  EXPECT_THAT(problems(", identifiers: 65"),
              ElementsAre("test.yml:2:37: 'identifiers' is '65'; allowed: a whole number from 1 to "
                          "64"));
  EXPECT_THAT(problems(", identifiers: 0"), ElementsAre(HasSubstr("1 to 64")));
}

TEST(IcmpOptions, FragmentUnlessToldOtherwise) {
  EXPECT_FALSE(options("").dont_fragment);
  EXPECT_TRUE(options(", dont_fragment: true").dont_fragment);
  EXPECT_THAT(problems(", dont_fragment: 1"),
              ElementsAre("test.yml:2:39: 'dont_fragment' is '1'; allowed: true or false"));
}

TEST(IcmpOptions, RefuseADscpOfMoreThanSixBits) {
  EXPECT_THAT(problems(", dscp: 64"), ElementsAre(HasSubstr("0 to 63")));
}

TEST(IcmpOptions, RefuseASourceThatIsNoAddressOfAHost) {
  for (const char* source :
       {"eth0", "10.0.0.0/8", "0.0.0.0", "\"::\"", "224.0.0.1", "\"ff02::1\"", "255.255.255.255"}) {
    EXPECT_THAT(problems(std::string(", source: ") + source), ElementsAre(HasSubstr("'source'")))
        << source;
  }
}

TEST(IcmpOptions, AreEqualWhenEverythingIs) {
  EXPECT_TRUE(options(", dscp: 8").equals(options(", dscp: 8")));
  EXPECT_FALSE(options(", dscp: 8").equals(options("")));
  EXPECT_FALSE(options(", payload_bytes: 57").equals(options("")));
  EXPECT_FALSE(options(", dont_fragment: true").equals(options("")));
  EXPECT_FALSE(options(", identifiers: 2").equals(options("")));
  EXPECT_FALSE(options(", source: 10.0.0.1").equals(options("")));
}

}  // namespace
}  // namespace rtt::probers::icmp
