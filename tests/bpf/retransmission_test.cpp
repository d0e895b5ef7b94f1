// Karn's rule: what was sent twice is no sample.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "measured_link.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bpf_test {
namespace {

class RetransmissionTest : public MeasuredLinkTest {
 protected:
  /// The server receives, but nothing that it sends arrives.
  void silence_server() const {
    server_->command({"ip", "route", "add", "blackhole", addresses_.a4 + "/32"});
  }
  void end_silence() const {
    server_->command({"ip", "route", "del", "blackhole", addresses_.a4 + "/32"});
  }
  static tcp_info info(int fd) {
    tcp_info info{};
    socklen_t length = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    return info;
  }
};

TEST_F(RetransmissionTest, AnAcknowledgementOfRetransmittedDataIsNoSampleButCounted) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  ASSERT_TRUE(support::exchange(fd.get(), "ping"));
  const double dropped =
      measurement.exporter_value("rtt_exporter_bpf_samples_dropped_total",
                                 {{"program", "tcp_probe"}, {"reason", "retransmitted"}});
  silence_server();
  ASSERT_TRUE(support::send_all(fd.get(), "ping"));
  ASSERT_TRUE(support::wait_until([&] { return info(fd.get()).tcpi_total_retrans > 0; }));
  end_silence();
  ASSERT_TRUE(support::receive_exactly(fd.get(), 4));
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 1u);
  EXPECT_GE(measurement.exporter_value("rtt_exporter_bpf_samples_dropped_total",
                                       {{"program", "tcp_probe"}, {"reason", "retransmitted"}}),
            dropped + 1);
}

TEST_F(RetransmissionTest, TheNextExchangeAfterARetransmissionIsASample) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  silence_server();
  ASSERT_TRUE(support::send_all(fd.get(), "ping"));
  ASSERT_TRUE(support::wait_until([&] { return info(fd.get()).tcpi_total_retrans > 0; }));
  end_silence();
  ASSERT_TRUE(support::receive_exactly(fd.get(), 4));
  ASSERT_TRUE(support::exchange(fd.get(), "ping"));
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 1u);
}

TEST_F(RetransmissionTest, AHandshakeWithARetransmittedSynIsNone) {
  Measurement measurement(both_hosts());
  silence_server();
  const base::SocketAddress to(base::IpAddress::parse(addresses_.b4).value(), port_);
  const base::UniqueFd fd = client_->run([&] {
    base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(socket.get(), to.get(), to.length);
    return socket;
  });
  ASSERT_TRUE(support::wait_until([&] { return info(fd.get()).tcpi_total_retrans > 0; }));
  end_silence();
  pollfd connected{fd.get(), POLLOUT, 0};
  ASSERT_EQ(poll(&connected, 1, 10'000), 1);
  ASSERT_EQ(info(fd.get()).tcpi_state, TCP_ESTABLISHED);
  EXPECT_EQ(measurement.count("server", "tcp_handshake"), 0u);
}

}  // namespace
}  // namespace rtt::bpf_test
