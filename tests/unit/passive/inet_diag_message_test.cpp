#include "passive/inet_diag_message.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/passive/inet_diag_bytes.h"

namespace rtt::passive {
namespace {

constexpr NetlinkAddress kUs{7, 4711};
using End = DatagramResult::End;

inet_diag_msg v4_socket() {
  inet_diag_msg socket{};
  socket.idiag_family = AF_INET;
  socket.idiag_state = 1;
  socket.id.idiag_sport = htons(443);
  socket.id.idiag_dst[0] = htonl(0x0A000005);
  socket.id.idiag_cookie[0] = 0x1234;
  socket.id.idiag_cookie[1] = 0x1;
  return socket;
}

tcp_info some_info() {
  tcp_info info{};
  info.tcpi_rtt = 1500;
  info.tcpi_min_rtt = 900;
  info.tcpi_data_segs_out = 42;
  info.tcpi_total_retrans = 3;
  info.tcpi_last_data_sent = 50;
  info.tcpi_last_data_recv = 40;
  info.tcpi_last_ack_recv = 60;
  return info;
}

Bytes socket_payload(const inet_diag_msg& socket, const tcp_info& info,
                     std::size_t info_length = sizeof(tcp_info)) {
  Bytes bytes;
  append(bytes, &socket, sizeof(socket));
  const std::uint8_t shutdown = 0;
  return bytes + attribute(INET_DIAG_SHUTDOWN, &shutdown, 1) +
         attribute(INET_DIAG_INFO, &info, info_length);
}

Bytes socket_message() {
  return message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(v4_socket(), some_info()));
}

struct Parsed {
  DatagramResult result;
  std::vector<TcpSocketInfo> sockets;
};

Parsed parse(std::span<const std::byte> bytes) {
  Parsed parsed;
  parsed.result = parse_inet_diag(
      bytes, kUs, [&parsed](const TcpSocketInfo& socket) { parsed.sockets.push_back(socket); });
  return parsed;
}

TcpSocketInfo parse_one(const Bytes& bytes) {
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.result.malformed, 0U);
  EXPECT_EQ(parsed.sockets.size(), 1U);
  return parsed.sockets.empty() ? TcpSocketInfo{} : parsed.sockets[0];
}

TEST(InetDiagMessage, ReadsTheIdentityOfASocket) {
  const TcpSocketInfo socket = parse_one(socket_message());
  EXPECT_EQ(socket.cookie, 0x100001234U);
  EXPECT_EQ(socket.remote.to_string(), "10.0.0.5");
  EXPECT_EQ(socket.local_port, 443);
  EXPECT_EQ(socket.state, 1);
}

TEST(InetDiagMessage, ReadsTheTcpInfo) {
  const TcpSocketInfo socket = parse_one(socket_message());
  EXPECT_EQ(socket.srtt_us, 1500U);
  EXPECT_EQ(socket.min_rtt_us, 900U);
  EXPECT_EQ(socket.data_segments_sent, 42U);
  EXPECT_EQ(socket.segments_retransmitted, 3U);
}

TEST(InetDiagMessage, IdleIsTheTimeSinceTheLatestSegmentEitherWay) {
  EXPECT_EQ(parse_one(socket_message()).idle, std::chrono::milliseconds(40));
}

TEST(InetDiagMessage, ReadsAnIpv6Remote) {
  inet_diag_msg socket = v4_socket();
  socket.idiag_family = AF_INET6;
  ASSERT_EQ(inet_pton(AF_INET6, "2001:db8::5", socket.id.idiag_dst), 1);
  const Bytes bytes = message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(socket, some_info()));
  EXPECT_EQ(parse_one(bytes).remote.to_string(), "2001:db8::5");
}

TEST(InetDiagMessage, AV4MappedRemoteIsTheIpv4Address) {
  inet_diag_msg socket = v4_socket();
  socket.idiag_family = AF_INET6;
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:10.0.0.5", socket.id.idiag_dst), 1);
  const Bytes bytes = message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(socket, some_info()));
  EXPECT_EQ(parse_one(bytes).remote, base::IpAddress::parse("10.0.0.5"));
}

TEST(InetDiagMessage, TheKernelsMarkForNoMinimumIsNoMinimum) {
  tcp_info info = some_info();
  info.tcpi_min_rtt = ~0U;
  const Bytes bytes = message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(v4_socket(), info));
  EXPECT_EQ(parse_one(bytes).min_rtt_us, 0U);
}

TEST(InetDiagMessage, AnOlderKernelsShorterTcpInfoGivesWhatIsThere) {
  const Bytes bytes =
      message(SOCK_DIAG_BY_FAMILY, kUs,
              socket_payload(v4_socket(), some_info(), offsetof(tcp_info, tcpi_pacing_rate)));
  const TcpSocketInfo socket = parse_one(bytes);
  EXPECT_EQ(socket.srtt_us, 1500U);
  EXPECT_EQ(socket.segments_retransmitted, 3U);
  EXPECT_EQ(socket.min_rtt_us, 0U);
  EXPECT_EQ(socket.data_segments_sent, 0U);
}

TEST(InetDiagMessage, ANewerKernelsLongerTcpInfoIsReadAsFarAsItIsKnown) {
  Bytes info(sizeof(tcp_info) + 64, std::byte{0xFF});
  const tcp_info known = some_info();
  std::memcpy(info.data(), &known, sizeof(known));
  Bytes payload;
  const inet_diag_msg socket = v4_socket();
  append(payload, &socket, sizeof(socket));
  payload = payload + attribute(INET_DIAG_INFO, info.data(), info.size());
  EXPECT_EQ(parse_one(message(SOCK_DIAG_BY_FAMILY, kUs, payload)).srtt_us, 1500U);
}

TEST(InetDiagMessage, AnswersToTheRequestForBothFamiliesAreReadAsWell) {
  const Bytes bytes = message(TCPDIAG_GETSOCK, kUs, socket_payload(v4_socket(), some_info()));
  EXPECT_EQ(parse_one(bytes).srtt_us, 1500U);
}

TEST(InetDiagMessage, VisitsEverySocketOfADatagram) {
  EXPECT_EQ(parse(socket_message() + socket_message() + socket_message()).sockets.size(), 3U);
}

TEST(InetDiagMessage, ASocketWithoutTcpInfoIsPassedOverInSilence) {
  Bytes payload;
  const inet_diag_msg socket = v4_socket();
  append(payload, &socket, sizeof(socket));
  const Parsed parsed = parse(message(SOCK_DIAG_BY_FAMILY, kUs, payload) + socket_message());
  EXPECT_EQ(parsed.sockets.size(), 1U);
  EXPECT_EQ(parsed.result.malformed, 0U);
}

TEST(InetDiagMessage, TheEndOfTheDumpIsSeen) {
  const Parsed parsed = parse(socket_message() + message(NLMSG_DONE, kUs, number(0)));
  EXPECT_EQ(parsed.result.end, End::kDone);
  EXPECT_EQ(parsed.sockets.size(), 1U);
}

TEST(InetDiagMessage, WithoutAnEndThereIsMoreToCome) {
  EXPECT_EQ(parse(socket_message()).result.end, End::kMore);
}

TEST(InetDiagMessage, NothingAfterTheEndIsRead) {
  EXPECT_TRUE(parse(message(NLMSG_DONE, kUs, number(0)) + socket_message()).sockets.empty());
}

TEST(InetDiagMessage, ADumpThatEndsWithAnErrorIsAnError) {
  const Parsed parsed = parse(message(NLMSG_DONE, kUs, number(-ENOMEM)));
  EXPECT_EQ(parsed.result.end, End::kError);
  EXPECT_EQ(parsed.result.error_number, ENOMEM);
}

TEST(InetDiagMessage, TheKernelsRefusalIsAnError) {
  const Parsed parsed = parse(message(NLMSG_ERROR, kUs, number(-ENOENT) + Bytes(16)));
  EXPECT_EQ(parsed.result.end, End::kError);
  EXPECT_EQ(parsed.result.error_number, ENOENT);
}

TEST(InetDiagMessage, AnAcknowledgementIsNoError) {
  EXPECT_EQ(parse(message(NLMSG_ERROR, kUs, number(0) + Bytes(16))).result.end, End::kMore);
}

TEST(InetDiagMessage, AnErrorWithoutItsNumberIsMalformedAndAnError) {
  const Parsed parsed = parse(message(NLMSG_ERROR, kUs, {}));
  EXPECT_EQ(parsed.result.end, End::kError);
  EXPECT_EQ(parsed.result.malformed, 1U);
}

TEST(InetDiagMessage, AnErrorNumberThatIsNoneDoesNotPassForSuccess) {
  const Parsed parsed = parse(message(NLMSG_ERROR, kUs, number(INT32_MIN) + Bytes(16)));
  EXPECT_EQ(parsed.result.end, End::kError);
  EXPECT_EQ(parsed.result.error_number, EPROTO);
}

TEST(InetDiagMessage, AnInterruptedDumpSaysSo) {
  const Parsed parsed = parse(message(NLMSG_DONE, kUs, number(0), NLM_F_MULTI | NLM_F_DUMP_INTR));
  EXPECT_TRUE(parsed.result.interrupted);
  EXPECT_EQ(parsed.result.end, End::kDone);
}

TEST(InetDiagMessage, AnOverrunMessageCountsAsInterrupted) {
  EXPECT_TRUE(parse(message(NLMSG_OVERRUN, kUs, {})).result.interrupted);
}

TEST(InetDiagMessage, AnotherRequestsAnswerIsForeign) {
  const Bytes bytes =
      message(SOCK_DIAG_BY_FAMILY, {6, 4711}, socket_payload(v4_socket(), some_info()));
  const Parsed parsed = parse(bytes + socket_message());
  EXPECT_EQ(parsed.result.foreign, 1U);
  EXPECT_EQ(parsed.sockets.size(), 1U);
}

TEST(InetDiagMessage, AnotherSocketsAnswerIsForeign) {
  EXPECT_EQ(parse(message(NLMSG_DONE, {7, 4712}, number(0))).result.foreign, 1U);
}

TEST(InetDiagMessage, AForeignEndDoesNotEndTheDump) {
  EXPECT_EQ(parse(message(NLMSG_DONE, {6, 4711}, number(0))).result.end, End::kMore);
}

TEST(InetDiagMessage, AnUnknownTypeIsForeign) {
  EXPECT_EQ(parse(message(999, kUs, Bytes(80))).result.foreign, 1U);
}

TEST(InetDiagMessage, AnUnknownFamilyIsMalformed) {
  inet_diag_msg socket = v4_socket();
  socket.idiag_family = AF_UNIX;
  const Parsed parsed =
      parse(message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(socket, some_info())));
  EXPECT_EQ(parsed.result.malformed, 1U);
  EXPECT_TRUE(parsed.sockets.empty());
}

TEST(InetDiagMessage, ALengthBeyondTheDatagramIsMalformedAndEndsIt) {
  Bytes bytes = socket_message();
  reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_len += 4;
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.result.malformed, 1U);
  EXPECT_TRUE(parsed.sockets.empty());
}

TEST(InetDiagMessage, ALengthThatWouldStandStillIsMalformedAndEndsTheDatagram) {
  Bytes bytes = socket_message() + socket_message();
  reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_len = 0;
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.result.malformed, 1U);
  EXPECT_TRUE(parsed.sockets.empty());
}

TEST(InetDiagMessage, ALengthNearTheIntegersEndIsMalformed) {
  Bytes bytes = socket_message();
  reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_len = 0xFFFFFFFF;
  EXPECT_EQ(parse(bytes).result.malformed, 1U);
}

TEST(InetDiagMessage, AnAttributeLongerThanItsMessageIsMalformed) {
  Bytes payload = socket_payload(v4_socket(), some_info());
  reinterpret_cast<nlattr*>(payload.data() + sizeof(inet_diag_msg))->nla_len = 0xFFFF;
  const Parsed parsed = parse(message(SOCK_DIAG_BY_FAMILY, kUs, payload) + socket_message());
  EXPECT_EQ(parsed.result.malformed, 1U);
  EXPECT_EQ(parsed.sockets.size(), 1U);
}

TEST(InetDiagMessage, AnAttributeThatWouldStandStillIsMalformed) {
  Bytes payload = socket_payload(v4_socket(), some_info());
  reinterpret_cast<nlattr*>(payload.data() + sizeof(inet_diag_msg))->nla_len = 0;
  EXPECT_EQ(parse(message(SOCK_DIAG_BY_FAMILY, kUs, payload)).result.malformed, 1U);
}

TEST(InetDiagMessage, ATcpInfoTooShortForAnyKernelIsMalformed) {
  const Bytes bytes =
      message(SOCK_DIAG_BY_FAMILY, kUs, socket_payload(v4_socket(), some_info(), 40));
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.result.malformed, 1U);
  EXPECT_TRUE(parsed.sockets.empty());
}

TEST(InetDiagMessage, EveryTruncationOfADatagramIsSurvivedAndNeverASocket) {
  const Bytes whole = socket_message();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    // A copy of its own, so that AddressSanitizer sees every byte read too many.
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const Parsed parsed = parse(cut);
    EXPECT_TRUE(parsed.sockets.empty()) << length;
    EXPECT_EQ(parsed.result.malformed, length == 0 ? 0U : 1U) << length;
  }
}

TEST(InetDiagMessage, AMisalignedDatagramIsReadAllTheSame) {
  const Bytes shifted = Bytes(1) + socket_message();
  EXPECT_EQ(parse(std::span(shifted).subspan(1)).sockets.size(), 1U);
}

TEST(InetDiagMessage, TheRequestForBothFamiliesIsTheOneOfTheCompatibleInterface) {
  const auto bytes = dump_request(DumpFamilies::kBoth, connection_states(), kUs);
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EXPECT_EQ(header.nlmsg_type, TCPDIAG_GETSOCK);
  EXPECT_EQ(header.nlmsg_len, bytes.size());
}

TEST(InetDiagMessage, TheStatesLeaveOutListenersAndTimeWait) {
  constexpr unsigned kTimeWait = 6;
  constexpr unsigned kListen = 10;
  EXPECT_EQ(connection_states() & (1U << kTimeWait | 1U << kListen), 0U);
}

}  // namespace
}  // namespace rtt::passive
