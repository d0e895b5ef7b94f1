#include "support/ack_rtt.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

namespace rtt::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const base::IpAddress kLocal = *base::IpAddress::parse("10.0.0.1");
const base::IpAddress kRemote = *base::IpAddress::parse("10.0.0.2");

// Both sides begin at sequence number 100, ports 4000 and 80.
class Conversation {
 public:
  Conversation() {
    sent(0us, 99, 0, TH_SYN);
    received(1us, 99, 100, TH_SYN | TH_ACK);
    sent(2us, 100, 100, TH_ACK);
  }
  Conversation& sent(base::nanoseconds time, std::uint32_t sequence, std::uint32_t ack,
                     std::uint8_t flags, std::size_t payload = 0) {
    packets_.push_back(packet(time, kLocal, kRemote, 4000, 80, sequence, ack, flags, payload));
    return *this;
  }
  Conversation& received(base::nanoseconds time, std::uint32_t sequence, std::uint32_t ack,
                         std::uint8_t flags, std::size_t payload = 0) {
    packets_.push_back(packet(time, kRemote, kLocal, 80, 4000, sequence, ack, flags, payload));
    return *this;
  }
  Conversation& with_sack(std::uint32_t left, std::uint32_t right) {
    IpPacket& last = packets_.back().packet;
    last.sack[last.sack_count++] = {.left = left, .right = right};
    return *this;
  }
  [[nodiscard]] std::vector<base::nanoseconds> rtts() const {
    std::vector<base::nanoseconds> result;
    for (const AckRtt& sample : ack_rtts(packets_, kLocal)) result.push_back(sample.rtt);
    return result;
  }

 private:
  static CapturedPacket packet(base::nanoseconds time, const base::IpAddress& source,
                               const base::IpAddress& destination, std::uint16_t source_port,
                               std::uint16_t destination_port, std::uint32_t sequence,
                               std::uint32_t ack, std::uint8_t flags, std::size_t payload) {
    CapturedPacket captured{.time = time, .packet = {}};
    captured.packet.source = source;
    captured.packet.destination = destination;
    captured.packet.protocol = IPPROTO_TCP;
    captured.packet.source_port = source_port;
    captured.packet.destination_port = destination_port;
    captured.packet.sequence = sequence;
    captured.packet.acknowledgment = ack;
    captured.packet.tcp_flags = flags;
    captured.packet.payload_bytes = payload;
    return captured;
  }

  std::vector<CapturedPacket> packets_;
};

TEST(AckRtt, HandshakeIsNoSample) { EXPECT_THAT(Conversation().rtts(), IsEmpty()); }

TEST(AckRtt, AckOfDataIsASample) {
  EXPECT_THAT(
      Conversation().sent(10us, 100, 100, TH_ACK, 50).received(30us, 100, 150, TH_ACK).rtts(),
      ElementsAre(20us));
}

TEST(AckRtt, DataThatAcknowledgesNothingNewIsNoSample) {
  EXPECT_THAT(Conversation()
                  .received(10us, 100, 100, TH_ACK, 1000)
                  .received(11us, 1100, 100, TH_ACK, 1000)
                  .rtts(),
              IsEmpty());
}

TEST(AckRtt, AckThatComesWithAFinIsASample) {
  EXPECT_THAT(Conversation()
                  .sent(10us, 100, 100, TH_ACK, 50)
                  .received(30us, 100, 150, TH_ACK | TH_FIN)
                  .rtts(),
              ElementsAre(20us));
}

TEST(AckRtt, AckAfterTheOwnFinIsNoSample) {
  EXPECT_THAT(Conversation()
                  .sent(10us, 100, 100, TH_ACK | TH_FIN, 50)
                  .received(30us, 100, 151, TH_ACK)
                  .rtts(),
              IsEmpty());
}

TEST(AckRtt, AckAfterTheOthersFinIsNoSample) {
  EXPECT_THAT(Conversation()
                  .received(5us, 100, 100, TH_ACK | TH_FIN)
                  .sent(10us, 100, 101, TH_ACK, 50)
                  .received(30us, 101, 150, TH_ACK)
                  .rtts(),
              IsEmpty());
}

TEST(AckRtt, SackedDataIsNotSampledByALaterAck) {
  EXPECT_THAT(Conversation()
                  .sent(10us, 100, 100, TH_ACK, 50)
                  .sent(20us, 150, 100, TH_ACK, 50)
                  .received(40us, 100, 100, TH_ACK)
                  .with_sack(150, 200)
                  .sent(50us, 100, 100, TH_ACK, 50)
                  .received(70us, 100, 200, TH_ACK)
                  .rtts(),
              IsEmpty());
}

TEST(AckRtt, DataThatIsSentAgainAfterItsAckIsNoSample) {
  EXPECT_THAT(Conversation()
                  .sent(10us, 100, 100, TH_ACK, 50)
                  .received(30us, 100, 150, TH_ACK)
                  .sent(50us, 150, 100, TH_ACK, 50)
                  .received(90us, 100, 200, TH_ACK)
                  .sent(91us, 150, 100, TH_ACK, 50)
                  .rtts(),
              ElementsAre(20us));
}

TEST(AckRtt, ReusedPortStartsAnew) {
  EXPECT_THAT(Conversation()
                  .sent(10us, 100, 100, TH_ACK | TH_FIN)
                  .sent(100us, 5000000, 0, TH_SYN)
                  .received(101us, 7000000, 5000001, TH_SYN | TH_ACK)
                  .sent(110us, 5000001, 7000001, TH_ACK, 50)
                  .received(130us, 7000001, 5000051, TH_ACK)
                  .rtts(),
              ElementsAre(20us));
}

TEST(AckRtt, OtherHostsAreNotSampled) {
  const auto packets = std::vector<CapturedPacket>{};
  EXPECT_THAT(ack_rtts(packets, kRemote), IsEmpty());
}

}  // namespace
}  // namespace rtt::support
