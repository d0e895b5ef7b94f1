#include "targets/address_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace rtt::targets {
namespace {

using testing::IsEmpty;

base::IpAddress address(const std::string& text) { return base::IpAddress::parse(text).value(); }

std::vector<base::IpAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<base::IpAddress> result;
  for (const std::string& text : texts) result.push_back(address(text));
  return result;
}

std::vector<base::IpAddress> many(int count) {
  std::vector<base::IpAddress> result;
  for (int i = 0; i < count; ++i) {
    result.push_back(address("10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200)));
  }
  return result;
}

TEST(UsablePeer, IsAnyUnicastAddress) {
  for (const char* text : {"10.0.0.1", "127.0.0.1", "2001:db8::1", "::1", "fe80::1", "240.0.0.1"}) {
    EXPECT_TRUE(is_usable_peer(address(text))) << text;
  }
}

TEST(UsablePeer, IsNotTheUnspecifiedAddress) {
  EXPECT_FALSE(is_usable_peer(address("0.0.0.0")));
  EXPECT_FALSE(is_usable_peer(address("::")));
}

TEST(UsablePeer, IsNotMulticast) {
  for (const char* text : {"224.0.0.1", "239.255.255.255", "ff02::1"}) {
    EXPECT_FALSE(is_usable_peer(address(text))) << text;
  }
}

TEST(UsablePeer, IsNotTheBroadcast) { EXPECT_FALSE(is_usable_peer(address("255.255.255.255"))); }

TEST(MergeAnswer, TakesTheOrderOfAFirstAnswer) {
  EXPECT_EQ(merge_answer({}, addresses({"2001:db8::1", "10.0.0.1"})),
            addresses({"2001:db8::1", "10.0.0.1"}));
}

TEST(MergeAnswer, KeepsTheOrderWhenTheAnswerRotates) {
  EXPECT_EQ(merge_answer(addresses({"10.0.0.1", "10.0.0.2"}), addresses({"10.0.0.2", "10.0.0.1"})),
            addresses({"10.0.0.1", "10.0.0.2"}));
}

TEST(MergeAnswer, PutsNewAddressesAtTheEnd) {
  EXPECT_EQ(merge_answer(addresses({"10.0.0.2"}), addresses({"10.0.0.1", "10.0.0.2"})),
            addresses({"10.0.0.2", "10.0.0.1"}));
}

TEST(MergeAnswer, DropsWhatIsNoLongerInTheAnswer) {
  EXPECT_EQ(merge_answer(addresses({"10.0.0.1", "10.0.0.2"}), addresses({"10.0.0.2"})),
            addresses({"10.0.0.2"}));
}

TEST(MergeAnswer, TakesEachAddressOnce) {
  EXPECT_EQ(merge_answer({}, addresses({"10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"})),
            addresses({"10.0.0.1"}));
}

TEST(MergeAnswer, LeavesOutWhatCannotBeAPeer) {
  EXPECT_EQ(merge_answer({}, addresses({"0.0.0.0", "10.0.0.1"})), addresses({"10.0.0.1"}));
  EXPECT_THAT(merge_answer({}, addresses({"0.0.0.0", "::"})), IsEmpty());
}

TEST(MergeAnswer, IsBounded) {
  EXPECT_EQ(merge_answer({}, many(5000)).size(), kMaxAddressesPerName);
}

TEST(MergeAnswer, KeepsTheSameAddressesOfALongAnswerThatRotates) {
  std::vector<base::IpAddress> answer = many(5000);
  const auto known = merge_answer({}, answer);
  std::rotate(answer.begin(), answer.begin() + 100, answer.end());
  EXPECT_EQ(merge_answer(known, answer), known);
}

TEST(AddressesOfHost, KeepsTheOrder) {
  const auto both = addresses({"2001:db8::1", "10.0.0.2", "10.0.0.1"});
  EXPECT_EQ(addresses_of_host(both, config::IpFamily::kAny), both);
}

TEST(AddressesOfHost, HasTheWantedFamilyOnly) {
  const auto both = addresses({"2001:db8::1", "10.0.0.2"});
  EXPECT_EQ(addresses_of_host(both, config::IpFamily::kIpv4), addresses({"10.0.0.2"}));
  EXPECT_EQ(addresses_of_host(both, config::IpFamily::kIpv6), addresses({"2001:db8::1"}));
}

TEST(AddressesOfHost, IsBounded) {
  EXPECT_EQ(addresses_of_host(many(200), config::IpFamily::kAny).size(), kMaxAddressesPerHost);
}

}  // namespace
}  // namespace rtt::targets
