// A host that measures another one with every method, and what must hold whatever happens to it.
//
// Not thread-safe. Errors are thrown (support/setup_error.h); what must not be fails the test.
#pragma once

#include <functional>
#include <string>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/scrape_rules.h"

namespace rtt::integration {

inline constexpr const char* kProbeMethods[] = {"icmp", "tcp_connect", "tcp_echo", "udp_echo",
                                                "http"};

/// Each of these methods every 50 ms to one peer, target "far"; passive sources on. The peer is to
/// be another daemon with kPeerConfig. `before`: further sections. Further targets may follow.
[[nodiscard]] std::string every_method(const std::string& peer, const std::string& before = "",
                                       const std::string& timeout = "500ms");
extern const std::string kPeerConfig;

/// Scrapes that are compared with each other: nothing that is counted falls.
class Watch {
 public:
  explicit Watch(const support::Daemon& daemon) : scrape_([&daemon] { return daemon.scrape(); }) {}
  /// Over one connection.
  explicit Watch(support::HttpConnection& connection)
      : scrape_([&connection] { return support::Daemon::scrape(connection); }) {}

  support::Scrape scrape();
  /// Scrapes until the condition holds; the last scrape. Fails the test after 30 s.
  support::Scrape until(const std::function<bool(const support::Scrape&)>& condition);
  /// Until each of the methods has got `more` further replies.
  support::Scrape until_measured(int more = 3);
  /// Until each of the methods has lost or failed `more` further probes.
  support::Scrape until_disturbed(int more = 3);

 private:
  using Count = std::function<double(const support::Scrape&, const support::LabelSet&)>;
  support::Scrape until_each(const Count& count, int more);

  const std::function<support::Scrape()> scrape_;
  support::Counts last_;
};

/// Of target "far".
[[nodiscard]] double replied(const support::Scrape& scrape, const std::string& method);
[[nodiscard]] double failed(const support::Scrape& scrape, const std::string& method,
                            const std::string& reason);
/// The lines of the log that hold the text.
[[nodiscard]] int lines_with(const std::string& log, const std::string& text);
[[nodiscard]] int log_lines(support::Daemon& daemon);

/// Two hosts, joined by veth0 on both, and the program on both.
class FaultTest : public ::testing::Test {
 protected:
  support::Namespace here_;
  support::Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  const support::Daemon peer_{there_, kPeerConfig};
  support::Daemon daemon_{here_, every_method(link_.b4)};
  Watch watch_{daemon_};
};

}  // namespace rtt::integration
