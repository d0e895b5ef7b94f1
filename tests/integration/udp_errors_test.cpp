// Probes that fail: somebody says that they cannot be delivered, or the host itself cannot send.
#include <linux/icmp.h>
#include <sys/socket.h>

#include <cstring>

#include "integration/udp_bed.h"
#include "probers/icmp/packet.h"

namespace rtt::probers::udp_echo {
namespace {

using support::echo_datagram;

constexpr const char* kBeyondV4 = "198.51.100.1";
constexpr const char* kBeyondV6 = "2001:db8:1::1";

// near -- far; far decides what happens to what goes beyond.
class UdpErrors : public UdpTest {
 protected:
  UdpErrors() {
    far_.sysctl("ipv4/ip_forward", "1");
    far_.sysctl("ipv6/conf/all/forwarding", "1");
    near_.command({"ip", "-4", "route", "add", "default", "via", link_.b4});
    near_.command({"ip", "-6", "route", "add", "default", "via", link_.b6});
  }

  static void refuse_beyond(const Namespace& where, const char* how) {
    where.command({"ip", "-4", "route", "replace", how, kBeyondV4});
    where.command({"ip", "-6", "route", "replace", how, kBeyondV6});
  }
  void expect_all_fail(FailureReason reason, const std::string& v4 = kBeyondV4,
                       const std::string& v6 = kBeyondV6, const BedOptions& options = {}) {
    for (const std::string& address : {v4, v6}) {
      Probers probers(near_, {address}, options);
      for (int i = 0; i < 3; ++i) probers.probe_and_finish();
      EXPECT_EQ(probers.failed(reason), 3U) << address;
      EXPECT_FALSE(probers.ledger().up);
    }
  }
};

TEST_F(UdpErrors, APortThatNobodyServesIsRefused) {
  expect_all_fail(FailureReason::kRefused, link_.b4, link_.b6);
}

TEST_F(UdpErrors, ARefusalIsARoundTrip) {
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address});
    const auto start = base::Clock::now();
    probers.probe_and_finish();
    EXPECT_GT(probers.last_rtt(), 0ns);
    EXPECT_LT(probers.last_rtt(), base::Clock::now() - start);
  }
}

TEST_F(UdpErrors, ARefusalIsTimedByTheKernel) {
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address});
    EXPECT_TRUE(wait_until([&] {
      const double before = probers.fallbacks();
      probers.probe_and_finish();
      return probers.fallbacks() == before;
    }));
  }
}

TEST_F(UdpErrors, ARefusalOnLoopbackIsTold) {
  expect_all_fail(FailureReason::kRefused, "127.0.0.1", "::1");
}

TEST_F(UdpErrors, ManyRefusalsAtOnceDoNotDisturbOthers) {
  const UdpService echo(far_, kPort, echo_datagram);
  for (const auto& [served, refused] : {std::pair(link_.b4, "127.0.0.1"), {link_.b6, "::1"}}) {
    std::vector<std::string> peers;
    for (int i = 0; i < 100; ++i) peers.insert(peers.end(), {served, refused});
    Probers probers(near_, peers);
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const auto ledger = probers.ledger(i);
      const auto refusals = ledger.failed[static_cast<std::size_t>(FailureReason::kRefused)];
      ASSERT_EQ(i % 2 == 0 ? ledger.replied : refusals, 3U) << peers[i];
    }
  }
}

TEST_F(UdpErrors, AnUnreachableRouteBeyondIsUnreachable) {
  refuse_beyond(far_, "unreachable");
  expect_all_fail(FailureReason::kUnreachable);
}

TEST_F(UdpErrors, AProhibitedRouteBeyondIsUnreachable) {
  refuse_beyond(far_, "prohibit");
  expect_all_fail(FailureReason::kUnreachable);
}

TEST_F(UdpErrors, AnErrorFromOnTheWayIsNoRoundTrip) {
  refuse_beyond(far_, "unreachable");
  Probers probers(near_, {kBeyondV4});
  probers.probe_and_finish();
  EXPECT_LT(probers.last_rtt(), 0ns);
}

TEST_F(UdpErrors, ARouterFurtherThanTheTtlSaysSo) {
  far_.command({"ip", "-4", "route", "add", "default", "via", link_.a4});
  far_.command({"ip", "-6", "route", "add", "default", "via", link_.a6});
  expect_all_fail(FailureReason::kTtlExceeded, kBeyondV4, kBeyondV6, {.socket = {.ttl = 1}});
}

TEST_F(UdpErrors, ALocalUnreachableRouteIsNoRoute) {
  refuse_beyond(near_, "unreachable");
  expect_all_fail(FailureReason::kNoRoute);
}

TEST_F(UdpErrors, WithoutARouteThereIsNoRoute) {
  near_.command({"ip", "-4", "route", "del", "default"});
  near_.command({"ip", "-6", "route", "del", "default"});
  expect_all_fail(FailureReason::kNoRoute);
}

TEST_F(UdpErrors, AddressesOfMoreThanOneNodeAreSendErrors) {
  expect_all_fail(FailureReason::kSendError, "255.255.255.255", "ff02::1");
  expect_all_fail(FailureReason::kSendError, "224.0.0.1", "ff0e::1");
}

TEST_F(UdpErrors, APathThatIsTooNarrowIsTooBig) {
  near_.command({"ip", "link", "set", "veth0", "mtu", "1300"});
  expect_all_fail(FailureReason::kTooBig, link_.b4, link_.b6,
                  {.payload_bytes = 1400, .dont_fragment = true});
}

// Errors that a stranger wrote.
class UdpForgedErrors : public UdpTest {
 protected:
  // "Port unreachable" about the request, sent to its source.
  void send_error(const Request& request, std::size_t quoted_payload, std::size_t change_at) {
    Bytes quote(20 + 8);
    quote[0] = 0x45;
    quote[8] = 64;
    quote[9] = IPPROTO_UDP;
    const in_addr source = request.source.to_in_addr();
    const in_addr destination = base::IpAddress::parse(link_.b4)->to_in_addr();
    std::memcpy(&quote[12], &source, sizeof source);
    std::memcpy(&quote[16], &destination, sizeof destination);
    write_u16(quote, 20, request.source_port);
    write_u16(quote, 22, kPort);
    write_u16(quote, 24, static_cast<std::uint16_t>(8 + request.bytes.size()));
    quote.insert(quote.end(), request.bytes.begin(),
                 request.bytes.begin() + static_cast<std::ptrdiff_t>(quoted_payload));
    if (change_at < quote.size()) quote[change_at] ^= 1;
    Bytes error(8);
    error[0] = ICMP_DEST_UNREACH;
    error[1] = ICMP_PORT_UNREACH;
    error.insert(error.end(), quote.begin(), quote.end());
    write_u16(error, 2, static_cast<std::uint16_t>(~icmp::internet_sum(error)));
    const base::SocketAddress to(request.source, 0);
    EXPECT_EQ(sendto(raw_.get(), error.data(), error.size(), 0, to.get(), to.length),
              static_cast<ssize_t>(error.size()));
  }
  static void write_u16(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
  }
  void expect_no_trace_of(std::size_t quoted_payload, std::size_t change_at) {
    const UdpService service(far_, kPort, [=, this](UdpService& self, const Request& request) {
      send_error(request, quoted_payload, change_at);
      echo_datagram(self, request);
    });
    Probers probers(near_, {link_.b4});
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 3U);
    EXPECT_EQ(probers.ledger().failed_total(), 0U);
  }

  static constexpr std::size_t kNowhere = 1000;
  static constexpr std::size_t kPayload = 28;  // of the quote
  base::UniqueFd raw_ = far_.run(
      [] { return base::UniqueFd(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)); });
};

TEST_F(UdpForgedErrors, AQuoteOfTheWholeRequestFailsTheProbe) {
  const UdpService service(far_, kPort, [this](UdpService&, const Request& request) {
    send_error(request, request.bytes.size(), kNowhere);
  });
  Probers probers(near_, {link_.b4});
  probers.probe_and_finish();
  EXPECT_EQ(probers.failed(FailureReason::kRefused), 1U);
}

TEST_F(UdpForgedErrors, AQuoteWithAWrongTokenFailsNone) { expect_no_trace_of(32, kPayload + 8); }

TEST_F(UdpForgedErrors, AQuoteWithAWrongSequenceNumberFailsNone) {
  expect_no_trace_of(32, kPayload + 7);
}

TEST_F(UdpForgedErrors, AQuoteOfThePortsAloneFailsNone) { expect_no_trace_of(0, kNowhere); }

TEST_F(UdpForgedErrors, AQuoteThatEndsWithinTheTokenFailsNone) { expect_no_trace_of(15, kNowhere); }

TEST_F(UdpForgedErrors, AQuoteOfAnotherDestinationFailsNone) { expect_no_trace_of(32, 19); }

TEST_F(UdpForgedErrors, AQuoteOfAnotherPortFailsNone) { expect_no_trace_of(32, 23); }

TEST_F(UdpForgedErrors, AnErrorAfterTheReplyChangesNothing) {
  const UdpService service(far_, kPort, echo_datagram);
  Probers probers(near_, {link_.b4});
  probers.probe_and_finish();
  send_error(service.seen().at(0), 32, kNowhere);
  EXPECT_TRUE(wait_until([&] { return probers.ignored("finished") == 1; }));
  EXPECT_EQ(probers.ledger().replied, 1U);
  EXPECT_EQ(probers.ledger().failed_total(), 0U);
}

}  // namespace
}  // namespace rtt::probers::udp_echo
