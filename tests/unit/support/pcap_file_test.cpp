#include "support/pcap_file.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <string>

namespace rtt::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string little_endian(std::uint32_t value) { return big_endian(__builtin_bswap32(value)); }

// 10.0.0.1:4000 -> 10.0.0.2:80, sequence 256, ack 512, PSH|ACK, SACK 1024-1280, 100 bytes payload
// that were not captured.
std::string segment() {
  std::string packet(
      "\x45\x00\x00\x90\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02", 20);
  packet += std::string(
      "\x0f\xa0\x00\x50\x00\x00\x01\x00\x00\x00\x02\x00\x80\x18\x00\x00\x00\x00\x00\x00", 20);
  packet += std::string("\x01\x01\x05\x0a\x00\x00\x04\x00\x00\x00\x05\x00", 12);
  packet[3] = static_cast<char>(packet.size() + 100);
  return packet;
}

std::string header(std::string (*number)(std::uint32_t), std::uint32_t magic,
                   std::uint32_t link_type) {
  return number(magic) + number(0x00040002) + number(0) + number(0) + number(160) +
         number(link_type);
}

std::string record(std::string (*number)(std::uint32_t), std::uint32_t seconds,
                   std::uint32_t fraction, const std::string& bytes) {
  return number(seconds) + number(fraction) + number(static_cast<std::uint32_t>(bytes.size())) +
         number(static_cast<std::uint32_t>(bytes.size() + 100)) + bytes;
}

std::vector<CapturedPacket> read(const std::string& file) {
  auto packets = read_pcap(file);
  EXPECT_TRUE(packets.ok()) << packets.error().message;
  return std::move(packets).value();
}

TEST(PcapFile, NanosecondFileKeepsItsNanoseconds) {
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + record(little_endian, 5, 7, segment()));
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].time, 5s + 7ns);
}

TEST(PcapFile, MicrosecondFileIsRead) {
  const auto packets =
      read(header(little_endian, 0xa1b2c3d4, 101) + record(little_endian, 5, 7, segment()));
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].time, 5s + 7us);
}

TEST(PcapFile, OtherByteOrderIsRead) {
  const auto packets =
      read(header(big_endian, 0xa1b23c4d, 101) + record(big_endian, 5, 7, segment()));
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].time, 5s + 7ns);
}

TEST(PcapFile, TcpHeaderIsRead) {
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + record(little_endian, 5, 7, segment()));
  ASSERT_THAT(packets, SizeIs(1));
  const IpPacket& packet = packets[0].packet;
  EXPECT_EQ(packet.source.to_string(), "10.0.0.1");
  EXPECT_EQ(packet.destination.to_string(), "10.0.0.2");
  EXPECT_EQ(packet.source_port, 4000);
  EXPECT_EQ(packet.destination_port, 80);
  EXPECT_EQ(packet.sequence, 256U);
  EXPECT_EQ(packet.acknowledgment, 512U);
  EXPECT_EQ(packet.tcp_flags, TH_PUSH | TH_ACK);
  EXPECT_EQ(packet.payload_bytes, 100U);
}

TEST(PcapFile, IpHeaderIsRead) {
  std::string marked = segment();
  marked[1] = static_cast<char>(46 << 2);
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + record(little_endian, 5, 7, marked));
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].packet.traffic_class, 46 << 2);
  EXPECT_EQ(packets[0].packet.hop_limit, 64);
  EXPECT_TRUE(packets[0].packet.dont_fragment);
}

TEST(PcapFile, SackBlocksAreRead) {
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + record(little_endian, 5, 7, segment()));
  ASSERT_THAT(packets, SizeIs(1));
  ASSERT_EQ(packets[0].packet.sack_count, 1U);
  EXPECT_EQ(packets[0].packet.sack[0].left, 1024U);
  EXPECT_EQ(packets[0].packet.sack[0].right, 1280U);
}

TEST(PcapFile, EthernetHeaderIsSkipped) {
  const auto packets = read(header(little_endian, 0xa1b23c4d, 1) +
                            record(little_endian, 5, 7, std::string(14, '\0') + segment()));
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].packet.source_port, 4000);
}

TEST(PcapFile, RecordThatEndsEarlyIsLeftOut) {
  const std::string whole = record(little_endian, 5, 7, segment());
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + whole + whole.substr(0, whole.size() - 1));
  EXPECT_THAT(packets, SizeIs(1));
}

TEST(PcapFile, PacketOfAnotherProtocolIsLeftOut) {
  EXPECT_THAT(read(header(little_endian, 0xa1b23c4d, 101) +
                   record(little_endian, 5, 7, std::string(60, '\0'))),
              IsEmpty());
}

TEST(PcapFile, PacketsStayInTheOrderOfTheFile) {
  const auto packets =
      read(header(little_endian, 0xa1b23c4d, 101) + record(little_endian, 6, 0, segment()) +
           record(little_endian, 5, 0, segment()));
  ASSERT_THAT(packets, SizeIs(2));
  EXPECT_EQ(packets[0].time, 6s);
}

TEST(PcapFile, OtherFormatIsRefused) {
  const auto packets = read_pcap(std::string(64, 'x'));
  ASSERT_FALSE(packets.ok());
  EXPECT_THAT(packets.error().message, HasSubstr("not a pcap file"));
}

}  // namespace
}  // namespace rtt::support
