// One GET, from its start to its one end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/ip_address.h"
#include "metrics/failure_reason.h"
#include "probers/http/multi.h"
#include "probers/http/request.h"
#include "probers/socket_options.h"

namespace rtt::probers::http {

/// How a transfer ended, and when what happened.
struct Ended {
  enum class How {
    kComplete,  // the whole response is there
    kStopped,   // on_body had enough
    kTimedOut,
    kFailed,  // `reason`
  } how = How::kComplete;
  metrics::FailureReason reason{};
  long status = 0;  // 0: no status line came

  /// Just before the request was sent. All of base::Clock; nothing: it did not come to that.
  std::optional<base::TimePoint> request;
  /// When the first line of the response had been read.
  std::optional<base::TimePoint> first_byte;
  base::TimePoint end{};
  /// Of a new connection, as curl timed them (CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T).
  std::optional<base::nanoseconds> connect;
  std::optional<base::nanoseconds> tls;
};

class Transfer final : public Running {
 public:
  struct Plan {
    const Request& request;  // outlives the transfer
    base::IpAddress address;
    std::uint16_t port = 0;
    SocketOptions socket;
    base::nanoseconds timeout{};       // for everything, from start() on
    std::uint64_t max_body_bytes = 0;  // past it: kFailed, kTooLarge; 0: no such limit
    PoolId pool = 0;
    bool keep =
        false;  // use a kept connection of the pool, and keep it; false: a new one, closed at the end
    long buffer_bytes = 0;
  };
  struct Callbacks {
    /// So many bytes of the body came; false: enough. May be empty. Must not destroy the transfer.
    std::function<bool(std::size_t bytes)> on_body;
    /// Once; may destroy the transfer.
    std::function<void(const Ended&)> on_end;
  };

  /// `refusals` is told why sockets could not be made. All but `plan` must outlive the transfer.
  Transfer(Multi& multi, RefusalLog& refusals, Plan plan, Callbacks callbacks);
  /// One that runs ends without on_end, and its connection with it.
  ~Transfer() override;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// False when there is no memory; then on_end is never called.
  [[nodiscard]] bool start();
  [[nodiscard]] const Plan& plan() const { return plan_; }

  void on_finished(CURLcode result) override;

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int before_request(void* self, char*, char*, int, int);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  [[nodiscard]] curl_socket_t open(curl_sockaddr& address);
  void set_callbacks();
  void set_limits();
  [[nodiscard]] bool set_address();
  void judge(CURLcode result, Ended& ended) const;
  void read_phases(Ended& ended) const;

  Multi& multi_;
  RefusalLog& refusals_;
  const Plan plan_;
  Callbacks callbacks_;
  EasyHandle easy_;
  StringList connect_to_;
  bool running_ = false;
  bool stopped_ = false;
  std::optional<metrics::FailureReason> failure_;  // that we saw ourselves
  curl_socket_t opened_ = CURL_SOCKET_BAD;         // curl's, of a connection that is not a kept one
  std::uint64_t opened_in_turn_ = 0;
  std::size_t header_bytes_ = 0;
  bool headers_complete_ = false;
  std::uint64_t body_bytes_ = 0;
  std::optional<base::TimePoint> request_;
  std::optional<base::TimePoint> first_byte_;
};

}  // namespace rtt::probers::http
