// Which remote addresses real connections are busy with.
#include <gtest/gtest.h>

#include <cstring>

#include "unit/passive/loopback_connection.h"
#include "unit/passive/tcp_info_harness.h"

namespace rtt::passive {
namespace {

using std::chrono::hours;

class TcpInfoActivityTest : public testing::Test {
 protected:
  const base::IpAddress server_address_ = own_address(21);
  const base::IpAddress client_address_ = own_address(121);
  Listener listener_{server_address_};
  TcpInfoHarness harness_;

  // Connections that begin from here on count from their start.
  void start(base::nanoseconds interval = std::chrono::milliseconds(20)) {
    harness_.configure(interval);
    ASSERT_TRUE(harness_.wait_until([&] { return harness_.polls() >= 1; }));
  }
  void set_networks(const std::vector<base::IpPrefix>& networks) {
    harness_.on_loop([&] { harness_.source().set_activity_networks(networks); });
  }
  // Since the last question; 0 when the address is not among the busy ones.
  std::uint64_t sent_to(const base::IpAddress& address) {
    std::uint64_t segments = 0;
    harness_.on_loop([&] {
      for (const ActiveRemote& remote : harness_.source().take_busiest(100, {})) {
        if (remote.address == address) segments = remote.segments;
      }
    });
    return segments;
  }
  static std::uint64_t really_sent(const base::UniqueFd& socket) {
    return tcp_info_of(socket).tcpi_data_segs_out;
  }
};

TEST_F(TcpInfoActivityTest, WhatGoesToAnAddressAddsUp) {
  start();
  set_networks({base::IpPrefix(server_address_)});
  const Connection connection = connect_to(listener_, &client_address_);
  std::uint64_t tallied = 0;
  for (int i = 0; i < 5; ++i) {
    connection.exchange(10);
    EXPECT_TRUE(harness_.wait_until(
        [&] { return (tallied += sent_to(server_address_)) == really_sent(connection.client); }));
  }
}

TEST_F(TcpInfoActivityTest, WhatGoesElsewhereDoesNotCount) {
  start();
  set_networks({base::IpPrefix(server_address_)});
  const Connection connection = connect_to(listener_, &client_address_);
  connection.exchange(10);
  ASSERT_TRUE(harness_.wait_for_polls());
  EXPECT_EQ(sent_to(client_address_), 0U);
}

TEST_F(TcpInfoActivityTest, AConnectionThatIsSilentIsNotBusy) {
  start();
  set_networks({base::IpPrefix(server_address_)});
  const Connection connection = connect_to(listener_, &client_address_);
  connection.exchange(10);
  ASSERT_TRUE(harness_.wait_until([&] { return sent_to(server_address_) > 0; }));
  ASSERT_TRUE(harness_.wait_for_polls());
  (void)sent_to(server_address_);  // what the delayed end of the exchange brought
  ASSERT_TRUE(harness_.wait_for_polls());
  EXPECT_EQ(sent_to(server_address_), 0U);
}

TEST_F(TcpInfoActivityTest, WhatAClosedConnectionSentSinceTheLastPollCounts) {
  start(hours(1));
  set_networks({base::IpPrefix(server_address_)});
  // Again and again: while too many sockets close on this host nobody looks at them.
  EXPECT_TRUE(harness_.wait_until([&] {
    connect_to(listener_, &client_address_).exchange(3);
    return sent_to(server_address_) >= 3;
  }));
}

TEST_F(TcpInfoActivityTest, TheIpv4PeerOfAnIpv6SocketIsAnIpv4Address) {
  start();
  set_networks({*base::IpPrefix::parse(server_address_.to_string() + "/32")});
  const base::UniqueFd client = tcp_socket(AF_INET6);
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(listener_.port());
  mapped.sin6_addr = server_address_.to_in6_addr();
  checked(::connect(client.get(), reinterpret_cast<const sockaddr*>(&mapped), sizeof mapped),
          "connect");
  const base::UniqueFd server = listener_.accept();
  Connection::pass(client, server);
  EXPECT_TRUE(harness_.wait_until([&] { return sent_to(server_address_) > 0; }));
}

TEST_F(TcpInfoActivityTest, WithoutNetworksNothingIsTallied) {
  start();
  const Connection connection = connect_to(listener_, &client_address_);
  connection.exchange(10);
  ASSERT_TRUE(harness_.wait_for_polls());
  EXPECT_EQ(sent_to(server_address_), 0U);
}

TEST_F(TcpInfoActivityTest, DroppedAddressesExistAtZero) {
  start(hours(1));
  EXPECT_EQ(harness_.find_metric("rtt_exporter_tcp_info_remotes_dropped_total"), 0.0);
}

}  // namespace
}  // namespace rtt::passive
