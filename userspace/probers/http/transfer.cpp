#include "probers/http/transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "probers/http/curl_failure.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;

std::int64_t info_us(CURL* easy, CURLINFO what) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, what, &value);
  return value;
}

// curl keeps connections by where it believes they go to. So it is told an address that nobody has, made of the
// pool, and the right one is put in when the socket is made: a kept connection then belongs to its prober alone,
// whatever the names, addresses and socket options of others. 0.0.0.0/8 (RFC 1122 3.2.1.3) and 100::/64 (RFC 6666)
// are never on the wire.
std::string stand_in(PoolId pool, bool v4) {
  if (v4) return base::IpAddress(in_addr{htonl(pool & 0xffffffU)}).to_string();
  base::IpAddress::Bytes bytes{1};
  const std::uint32_t pool_be = htonl(pool);
  std::memcpy(&bytes[12], &pool_be, sizeof pool_be);
  return "[" + base::IpAddress(bytes).to_string() + "]";
}

// Nothing is in flight any more when we close: no TIME_WAIT, however many connections.
void close_at_once(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

// The network's word of an unreachable peer ends the attempt (ip(7), IP_RECVERR) instead of being waited out.
void take_icmp_errors(int fd, int family, int on) {
  const bool v4 = family == AF_INET;
  setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
}

}  // namespace

Transfer::Transfer(Multi& multi, RefusalLog& refusals, Plan plan, Callbacks callbacks)
    : multi_(multi),
      refusals_(refusals),
      plan_(std::move(plan)),
      callbacks_(std::move(callbacks)) {}

Transfer::~Transfer() {
  if (running_) multi_.remove(easy_.get());
}

bool Transfer::start() {
  easy_ = plan_.request.create_handle();
  if (!easy_ || !set_address()) return false;
  set_callbacks();
  set_limits();
  running_ = multi_.add(easy_.get(), this);
  return running_;
}

bool Transfer::set_address() {
  const std::string where = "::" + stand_in(plan_.pool, plan_.address.is_v4()) + ":";
  connect_to_.reset(curl_slist_append(nullptr, where.c_str()));
  if (!connect_to_) return false;
  curl_easy_setopt(easy_.get(), CURLOPT_CONNECT_TO, connect_to_.get());
  return true;
}

void Transfer::set_callbacks() {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  multi_.set_close_callback(easy);
}

void Transfer::set_limits() {
  CURL* const easy = easy_.get();
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(plan_.timeout);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, plan_.buffer_bytes);
  if (plan_.max_body_bytes > 0) {
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                     static_cast<curl_off_t>(plan_.max_body_bytes));
  }
  if (plan_.keep) return;
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  return static_cast<Transfer*>(self)->open(*address);
}

curl_socket_t Transfer::open(curl_sockaddr& address) {
  opened_in_turn_ = multi_.turn();
  base::UniqueFd fd(socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    failure_ = local_failure(errno);
    return CURL_SOCKET_BAD;
  }
  if (const auto refused = apply(fd.get(), address.family, plan_.socket)) {
    refusals_.refused(address.family, plan_.socket, refused->message);
    failure_ = refused->reason;
    return CURL_SOCKET_BAD;
  }
  refusals_.worked(address.family, plan_.socket);
  close_at_once(fd.get());
  take_icmp_errors(fd.get(), address.family, 1);
  const base::SocketAddress real(plan_.address, plan_.port);
  // curl's own is larger than what it declares here: a sockaddr_storage (CURLOPT_OPENSOCKETFUNCTION(3)).
  std::memcpy(reinterpret_cast<char*>(&address) + offsetof(curl_sockaddr, addr), real.get(),
              real.length);
  multi_.adopt(fd.get(), plan_.pool);
  opened_ = fd.release();
  return opened_;
}

int Transfer::before_request(void* self, char*, char*, int, int) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  if (transfer.opened_ != CURL_SOCKET_BAD) {
    transfer.multi_.establish(transfer.opened_);
    // An established connection outlives what a router says of it.
    take_icmp_errors(transfer.opened_, transfer.plan_.address.family(), 0);
  }
  // Again when curl repeats the request because the peer had closed the kept connection meanwhile.
  transfer.first_byte_.reset();
  transfer.headers_complete_ = false;
  transfer.request_ = base::Clock::now();
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  transfer.headers_complete_ = line == "\r\n" || line == "\n";
  if (!transfer.first_byte_) transfer.first_byte_ = base::Clock::now();
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ <= kMaxHeaderBytes) return size * count;
  transfer.failure_ = FailureReason::kTooLarge;
  return CURL_WRITEFUNC_ERROR;
}

std::size_t Transfer::on_body(char*, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  transfer.body_bytes_ += bytes;
  if (transfer.plan_.max_body_bytes > 0 && transfer.body_bytes_ > transfer.plan_.max_body_bytes) {
    transfer.failure_ = FailureReason::kTooLarge;
    return CURL_WRITEFUNC_ERROR;
  }
  if (!transfer.callbacks_.on_body || transfer.callbacks_.on_body(bytes)) return bytes;
  transfer.stopped_ = true;
  return CURL_WRITEFUNC_ERROR;
}

void Transfer::on_finished(CURLcode result) {
  running_ = false;
  Ended ended;
  ended.end = base::Clock::now();
  ended.request = request_;
  ended.first_byte = first_byte_;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &ended.status);
  judge(result, ended);
  read_phases(ended);
  const auto on_end = std::move(callbacks_.on_end);  // outlives this
  on_end(ended);
}

void Transfer::judge(CURLcode result, Ended& ended) const {
  using How = Ended::How;
  long error_number = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error_number);
  const bool is_answered = stopped_ || (result == CURLE_OK && headers_complete_);
  // curl takes any digits for a status (RFC 9110, section 15: 100 at least).
  if (is_answered && ended.status < 100) {
    ended.how = How::kFailed;
    ended.reason = FailureReason::kBadReply;
  } else if (result == CURLE_OK && headers_complete_) {
    ended.how = How::kComplete;
  } else if (stopped_) {
    ended.how = How::kStopped;
  } else if (failure_) {
    ended.how = How::kFailed;
    ended.reason = *failure_;
  } else if (result == CURLE_OPERATION_TIMEDOUT ||
             (result == CURLE_COULDNT_CONNECT && error_number == ETIMEDOUT)) {
    ended.how = How::kTimedOut;
  } else {
    ended.how = How::kFailed;
    ended.reason = failure_reason({.result = result,
                                   .error_number = static_cast<int>(error_number),
                                   .at_once = opened_in_turn_ == multi_.turn(),
                                   .over_tls = plan_.request.is_https()});
  }
}

void Transfer::read_phases(Ended& ended) const {
  CURL* const easy = easy_.get();
  long connections = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
  const std::int64_t connected = info_us(easy, CURLINFO_CONNECT_TIME_T);
  if (connections == 0 || connected == 0) return;
  using std::chrono::microseconds;
  ended.connect = microseconds(connected - info_us(easy, CURLINFO_NAMELOOKUP_TIME_T));
  const std::int64_t secured = info_us(easy, CURLINFO_APPCONNECT_TIME_T);
  if (secured > 0) ended.tls = microseconds(secured - connected);
}

}  // namespace rtt::probers::http
