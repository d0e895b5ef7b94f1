#include "passive/inet_diag_dump.h"

#include <array>
#include <cassert>
#include <utility>

namespace rtt::passive {
namespace {

// A wake-up for each would cost as much as the reading of ten sockets.
constexpr int kMostPerCallback = 4;

constexpr std::array kOneRequest = {DumpFamilies::kBoth};
constexpr std::array kRequestPerFamily = {DumpFamilies::kIpv4, DumpFamilies::kIpv6};

// A dump of no states: the kernel answers within the send, with the end of the dump or with why
// not.
base::Result<void> check(InetDiagSocket& socket, DumpFamilies families, std::uint32_t sequence) {
  const NetlinkAddress address{sequence, socket.port_id()};
  if (auto sent = socket.send(dump_request(families, 0, address)); !sent) return sent;
  std::vector<std::byte> buffer(InetDiagSocket::kMaxDatagram);
  while (true) {
    const auto received = socket.receive(buffer);
    if (received.status == InetDiagSocket::Received::Status::kForeign) continue;
    if (received.status != InetDiagSocket::Received::Status::kDatagram) {
      return base::Error{"inet_diag does not answer"};
    }
    const DatagramResult result =
        parse_inet_diag(received.datagram, address, [](const TcpSocketInfo&) {});
    if (result.end == DatagramResult::End::kDone) return {};
    if (result.end == DatagramResult::End::kError) {
      return base::errno_error("inet_diag refuses (CONFIG_INET_TCP_DIAG)", result.error_number);
    }
  }
}

}  // namespace

base::Result<std::span<const DumpFamilies>> InetDiagDump::supported_requests() {
  auto socket = InetDiagSocket::open();
  if (!socket) return socket.error();
  if (check(*socket, DumpFamilies::kBoth, 1)) return std::span<const DumpFamilies>(kOneRequest);
  if (auto checked = check(*socket, DumpFamilies::kIpv4, 2); !checked) return checked.error();
  return std::span<const DumpFamilies>(kRequestPerFamily);
}

InetDiagDump::InetDiagDump(base::EventLoop& loop, std::span<const DumpFamilies> requests,
                           Callbacks callbacks)
    : loop_(loop),
      requests_(requests),
      callbacks_(std::move(callbacks)),
      buffer_(InetDiagSocket::kMaxDatagram) {}

bool InetDiagDump::open() {
  if (socket_) return true;
  auto opened = InetDiagSocket::open();
  if (!opened) {
    fail(TcpInfoProblem::kSocketError, opened.error().message);
    return false;
  }
  use(std::move(*opened));
  return true;
}

void InetDiagDump::use(InetDiagSocket socket) {
  close();
  socket_.emplace(std::move(socket));
  watch_ = loop_.watch(socket_->fd(), base::Interest::kRead, [this] { receive_some(); });
}

void InetDiagDump::close() {
  watch_ = {};
  socket_.reset();
}

void InetDiagDump::start() {
  begin();
  if (open()) send_next();
}

void InetDiagDump::start_in(InetDiagSocket socket) {
  begin();
  is_elsewhere_ = true;
  use(std::move(socket));
  send_next();
}

void InetDiagDump::begin() {
  assert(!running());
  next_request_ = 0;
  complete_ = true;
}

void InetDiagDump::send_next() {
  if (*next_request_ == requests_.size()) return end();
  address_ = {address_.sequence + 1, socket_->port_id()};
  const auto sent =
      socket_->send(dump_request(requests_[(*next_request_)++], connection_states(), address_));
  if (!sent) fail(TcpInfoProblem::kSocketError, sent.error().message);
}

void InetDiagDump::receive_some() {
  for (int i = 0; i < kMostPerCallback && receive_one(); ++i) {
  }
}

// Whether there may be more to read.
bool InetDiagDump::receive_one() {
  using Status = InetDiagSocket::Received::Status;
  const auto received = socket_->receive(buffer_);
  switch (received.status) {
    case Status::kNothing:
      return false;
    case Status::kForeign:
      callbacks_.on_problem(TcpInfoProblem::kForeign, 1);
      break;
    case Status::kTruncated:
      flawed(TcpInfoProblem::kTruncated);
      break;
    case Status::kOverflow:
      fail(TcpInfoProblem::kOverflow, "messages were dropped");
      break;
    case Status::kError:
      fail(TcpInfoProblem::kSocketError, "cannot read from inet_diag");
      break;
    case Status::kDatagram:
      take(received.datagram);
      break;
  }
  return running() && socket_.has_value();
}

void InetDiagDump::take(std::span<const std::byte> datagram) {
  ++progress_;
  // What still comes after the end (there should be nothing) has nobody to go to.
  const NetlinkAddress address = running() ? address_ : NetlinkAddress{};
  const DatagramResult result = parse_inet_diag(datagram, address, callbacks_.on_socket);
  if (result.foreign > 0) callbacks_.on_problem(TcpInfoProblem::kForeign, result.foreign);
  if (result.malformed > 0) flawed(TcpInfoProblem::kMalformed, result.malformed);
  if (result.interrupted) flawed(TcpInfoProblem::kInterrupted);
  if (!running()) return;
  if (result.end == DatagramResult::End::kError) {
    const auto error = base::errno_error("inet_diag refuses", result.error_number);
    return fail(TcpInfoProblem::kKernelError, error.message);
  }
  if (result.end == DatagramResult::End::kDone) send_next();
}

void InetDiagDump::flawed(TcpInfoProblem problem, unsigned count) {
  complete_ = false;
  callbacks_.on_problem(problem, count);
}

void InetDiagDump::fail(TcpInfoProblem problem, std::string message) {
  last_error_ = std::move(message);
  callbacks_.on_problem(problem, 1);
  abort();
}

// A new socket, so that no late answer to this dump can be taken for one to the next.
void InetDiagDump::abort() {
  close();
  complete_ = false;
  if (running()) end();
}

void InetDiagDump::end() {
  next_request_.reset();
  if (std::exchange(is_elsewhere_, false)) close();
  callbacks_.on_end(complete_);
}

}  // namespace rtt::passive
