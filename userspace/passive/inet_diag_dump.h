// One conversation at a time with inet_diag: all TCP connections of one network namespace, a few
// datagrams (some 80 sockets each) per callback of the loop, so that nothing else on the loop waits
// for more than about half a millisecond.
//
// Lives on its loop; callbacks run there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "passive/inet_diag_message.h"
#include "passive/inet_diag_socket.h"
#include "passive/tcp_info_problem.h"

namespace rtt::passive {

class InetDiagDump {
 public:
  struct Callbacks {
    std::function<void(const TcpSocketInfo&)> on_socket;
    /// Ends what start() began, exactly once; `complete`: every socket was visited. start() may be
    /// called from it.
    std::function<void(bool complete)> on_end;
    OnTcpInfoProblem on_problem;
  };

  /// Which way of asking this kernel answers: one request for both families, or one for each.
  /// Error: why inet_diag does not work here.
  [[nodiscard]] static base::Result<std::span<const DumpFamilies>> supported_requests();

  /// Asks as `requests` says, in that order; together they are one dump. `loop` must outlive it.
  InetDiagDump(base::EventLoop& loop, std::span<const DumpFamilies> requests, Callbacks callbacks);

  /// Of the own network namespace. Precondition: !running(). Problems are reported through the
  /// callbacks, possibly at once.
  void start();
  /// The same of the namespace that `socket` lies in. It is closed at the end.
  void start_in(InetDiagSocket socket);
  [[nodiscard]] bool running() const { return next_request_.has_value(); }
  /// Rises with every datagram.
  [[nodiscard]] std::uint64_t progress() const { return progress_; }
  /// Ends the running dump as incomplete.
  void abort();
  /// The text behind the last kKernelError or kSocketError.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  [[nodiscard]] bool open();
  void use(InetDiagSocket socket);
  void close();
  void begin();
  void send_next();
  void receive_some();
  [[nodiscard]] bool receive_one();
  void take(std::span<const std::byte> datagram);
  void flawed(TcpInfoProblem problem, unsigned count = 1);
  void fail(TcpInfoProblem problem, std::string message);
  void end();

  base::EventLoop& loop_;
  const std::span<const DumpFamilies> requests_;
  const Callbacks callbacks_;
  std::vector<std::byte> buffer_;
  std::optional<InetDiagSocket> socket_;
  base::FdWatch watch_;  // after socket_: goes before it
  NetlinkAddress address_;
  std::optional<std::size_t> next_request_;  // nothing: not running
  bool complete_ = true;
  bool is_elsewhere_ = false;
  std::uint64_t progress_ = 0;
  std::string last_error_;
};

}  // namespace rtt::passive
