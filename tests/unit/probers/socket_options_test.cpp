#include "probers/socket_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <tuple>

#include "base/unique_fd.h"
#include "config/config.h"
#include "unit/probers/loaded_probe.h"

namespace rtt::probers {
namespace {

using metrics::FailureReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Options : config::MethodOptions {
  SocketOptions socket;
  [[nodiscard]] bool equals(const config::MethodOptions&) const override { return true; }
};

Loaded load(const std::string& keys) {
  const config::MethodSchema schema{.name = "m", .read_options = [](config::MapReader& reader) {
                                      auto options = std::make_shared<Options>();
                                      options->socket = read_socket_options(reader);
                                      return options;
                                    }};
  return config::load("probes:\n  p: {method: m, " + keys + "}\n", "test.yml",
                      std::span(&schema, 1));
}

SocketOptions options(const std::string& keys) { return options_in<Options>(load(keys)).socket; }

config::Problems problems(const std::string& keys) { return problems_in(load(keys)); }

TEST(SocketOptions, MayAllBeAbsent) { EXPECT_EQ(options(""), SocketOptions{}); }

TEST(SocketOptions, AreReadFromTheConfiguration) {
  const SocketOptions read =
      options("source: \"2001:db8::5\", interface: eth0.100, dscp: 46, ttl: 255, mark: 4294967295");
  EXPECT_EQ(read.source, base::IpAddress::parse("2001:db8::5"));
  EXPECT_EQ(read.interface, "eth0.100");
  EXPECT_EQ(read.dscp, 46);
  EXPECT_EQ(read.ttl, 255);
  EXPECT_EQ(read.mark, 4294967295U);
}

TEST(SocketOptions, EmptyTextsLeaveTheChoiceToTheKernel) {
  EXPECT_EQ(options("source: \"\", interface: \"\""), SocketOptions{});
}

TEST(SocketOptions, RefuseASourceThatIsNoAddressOfAHost) {
  for (const std::string source : {"eth0", "10.0.0.0/8", "0.0.0.0", "::", "224.0.0.1", "ff02::1"}) {
    EXPECT_THAT(problems("source: \"" + source + "\""),
                ElementsAre("test.yml:2:26: 'source' is '" + source +
                            "'; allowed: an IPv4 or IPv6 address of this host, or \"\" to let the "
                            "kernel choose"));
  }
}

TEST(SocketOptions, RefuseWhatCannotBeTheNameOfAnInterface) {
  for (const std::string name : {"sixteen_letters_", "..", ".", "a/b", "a b", "eth0:1"}) {
    EXPECT_THAT(problems("interface: \"" + name + "\""),
                ElementsAre("test.yml:2:29: 'interface' is '" + name +
                            "'; allowed: the name of a network interface (at most 15 characters), "
                            "or \"\" to go as routed"));
  }
}

TEST(SocketOptions, TakeTheLongestNameOfAnInterface) {
  EXPECT_EQ(options("interface: fifteen_letters").interface, "fifteen_letters");
}

TEST(SocketOptions, RefuseNumbersOutsideTheirRange) {
  EXPECT_THAT(problems("dscp: 64"),
              ElementsAre("test.yml:2:24: 'dscp' is '64'; allowed: a whole number from 0 to 63"));
  EXPECT_THAT(problems("ttl: 0"),
              ElementsAre("test.yml:2:23: 'ttl' is '0'; allowed: a whole number from 1 to 255"));
  EXPECT_THAT(problems("ttl: 256"), ElementsAre(HasSubstr("1 to 255")));
  EXPECT_THAT(
      problems("mark: 4294967296"),
      ElementsAre("test.yml:2:24: 'mark' is '4294967296'; allowed: a whole number from 0 to "
                  "4294967295"));
}

TEST(SocketOptions, DifferByEachKey) {
  for (const char* keys : {"source: 10.0.0.1", "interface: eth0", "dscp: 1", "ttl: 1", "mark: 1"}) {
    EXPECT_NE(options(keys), SocketOptions{}) << keys;
  }
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

base::IpAddress local_address(int fd) {
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length), 0);
  return *base::IpAddress::from_sockaddr(local);
}

/// By family and type of the socket.
class ApplySocketOptions : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  [[nodiscard]] static int family() { return std::get<0>(GetParam()); }
  [[nodiscard]] static bool v4() { return family() == AF_INET; }
  [[nodiscard]] int fd() const { return socket_.get(); }

  base::UniqueFd socket_{::socket(family(), std::get<1>(GetParam()) | SOCK_CLOEXEC, 0)};
};

TEST_P(ApplySocketOptions, NoneChangesNothing) {
  const base::UniqueFd untouched(::socket(family(), std::get<1>(GetParam()) | SOCK_CLOEXEC, 0));
  ASSERT_FALSE(apply(fd(), family(), {}));
  const int level = v4() ? int{IPPROTO_IP} : int{IPPROTO_IPV6};
  for (const int name : {v4() ? IP_TOS : IPV6_TCLASS, v4() ? IP_TTL : IPV6_UNICAST_HOPS}) {
    EXPECT_EQ(option(fd(), level, name), option(untouched.get(), level, name));
  }
  EXPECT_FALSE(is_unicast(local_address(fd())));
}

TEST_P(ApplySocketOptions, TheDscpIsInTheUpperSixBits) {
  ASSERT_FALSE(apply(fd(), family(), {.dscp = 46}));
  EXPECT_EQ(v4() ? option(fd(), IPPROTO_IP, IP_TOS) : option(fd(), IPPROTO_IPV6, IPV6_TCLASS),
            46 << 2);
}

TEST_P(ApplySocketOptions, TheTtlIsTheHopLimitOfIpv6) {
  ASSERT_FALSE(apply(fd(), family(), {.ttl = 7}));
  EXPECT_EQ(v4() ? option(fd(), IPPROTO_IP, IP_TTL) : option(fd(), IPPROTO_IPV6, IPV6_UNICAST_HOPS),
            7);
}

TEST_P(ApplySocketOptions, TheSourceIsBound) {
  const auto loopback = *base::IpAddress::parse(v4() ? "127.0.0.77" : "::1");
  ASSERT_FALSE(apply(fd(), family(), {.source = loopback}));
  EXPECT_EQ(local_address(fd()), loopback);
}

TEST_P(ApplySocketOptions, ASourceThatIsNotOfThisHostHasNoRoute) {
  const auto foreign = base::IpAddress::parse(v4() ? "192.0.2.1" : "2001:db8::1");
  const auto failure = apply(fd(), family(), {.source = foreign});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, FailureReason::kNoRoute);
  EXPECT_THAT(failure->message, HasSubstr("cannot send from " + foreign->to_string()));
}

TEST_P(ApplySocketOptions, ASourceOfTheOtherFamilyHasNoRoute) {
  const auto failure =
      apply(fd(), family(), {.source = base::IpAddress::parse(v4() ? "::1" : "127.0.0.1")});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, FailureReason::kNoRoute);
}

TEST_P(ApplySocketOptions, AnInterfaceThatIsNotThereIsNamed) {
  const auto failure = apply(fd(), family(), {.interface = "nowhere0"});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, FailureReason::kNoInterface);
  EXPECT_EQ(failure->message, "cannot bind to interface nowhere0: No such device");
}

INSTANTIATE_TEST_SUITE_P(Sockets, ApplySocketOptions,
                         testing::Combine(testing::Values(AF_INET, AF_INET6),
                                          testing::Values(int{SOCK_DGRAM}, int{SOCK_STREAM})));

TEST(InterfaceIndex, IsThatOfTheInterface) {
  EXPECT_NE(interface_index("lo"), 0U);
  EXPECT_EQ(interface_index("nowhere0"), 0U);
  EXPECT_EQ(interface_index(""), 0U);
}

TEST(LocalFailure, TellsAMissingInterfaceFromAMissingRoute) {
  EXPECT_EQ(local_failure(ENODEV), FailureReason::kNoInterface);
  EXPECT_EQ(local_failure(ENETUNREACH), FailureReason::kNoRoute);
  EXPECT_EQ(local_failure(ENOBUFS), FailureReason::kSendError);
}

class RefusalLogTest : public testing::Test {
 protected:
  /// How many lines the log got during `steps`.
  template <typename Steps>
  static std::ptrdiff_t lines(Steps&& steps) {
    testing::internal::CaptureStderr();
    steps();
    const std::string text = testing::internal::GetCapturedStderr();
    return std::count(text.begin(), text.end(), '\n');
  }

  const SocketOptions bound_{.interface = "eth9"};
  RefusalLog log_{"icmp"};
};

TEST_F(RefusalLogTest, SaysTheSameOnce) {
  EXPECT_EQ(lines([this] {
              for (int i = 0; i < 3; ++i) log_.refused(AF_INET, bound_, "no such device");
            }),
            1);
}

TEST_F(RefusalLogTest, SaysItAgainAfterItWorked) {
  EXPECT_EQ(lines([this] {
              log_.refused(AF_INET, bound_, "no such device");
              log_.worked(AF_INET, bound_);
              log_.refused(AF_INET, bound_, "no such device");
            }),
            2);
}

TEST_F(RefusalLogTest, SaysADifferentReason) {
  EXPECT_EQ(lines([this] {
              log_.refused(AF_INET, bound_, "no such device");
              log_.refused(AF_INET, bound_, "not permitted");
            }),
            2);
}

}  // namespace
}  // namespace rtt::probers
