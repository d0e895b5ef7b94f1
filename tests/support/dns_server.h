// A small name server on loopback, UDP and TCP on one port, for tests: says what a test tells it
// to, also what no good server would.
//
// Runs on a thread of its own from construction to destruction. Thread-safe.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "base/unique_fd.h"

namespace rtt::support {

enum class DnsBehaviour {
  kAnswer,
  kNoSuchName,     // NXDOMAIN
  kServerFailure,  // SERVFAIL
  kSilence,
  kWrongId,     // a good answer to another query
  kTruncated,   // UDP: only the truncation bit; TCP: the whole answer
  kGarbage,     // the right header, then random or contradictory bytes; another kind every time
  kOneByte,     // less than a header
  kSilentOnce,  // silence for the first A and the first AAAA query, then as kAnswer
};

class DnsServer {
 public:
  using Bytes = std::vector<std::uint8_t>;

  /// Port 0: any that is free.
  explicit DnsServer(const std::string& address = "127.0.0.1", std::uint16_t port = 0) {
    for (int attempt = 0; attempt < 20 && !bind_both(address, port); ++attempt) {
    }
    EXPECT_TRUE(tcp_) << "no port is free for both UDP and TCP";
    wake_.reset(eventfd(0, EFD_CLOEXEC));
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    const std::uint64_t one = 1;
    EXPECT_EQ(write(wake_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Names that nobody set do not exist.
  void set(const std::string& name, const std::vector<std::string>& addresses,
           DnsBehaviour behaviour = DnsBehaviour::kAnswer, std::uint32_t ttl = 60) {
    const std::scoped_lock lock(mutex_);
    Record& record = records_[name];
    record = Record{{}, behaviour, ttl};
    for (const std::string& text : addresses) {
      record.addresses.push_back(base::IpAddress::parse(text).value());
    }
  }
  /// While held, queries are kept; then they are answered.
  void hold(bool held) {
    const std::scoped_lock lock(mutex_);
    held_ = held;
    if (held) return;
    for (const auto& [peer, query] : kept_) answer_udp(peer, query);
    kept_.clear();
  }
  [[nodiscard]] std::size_t names_kept() {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> names;
    for (const auto& [peer, query] : kept_) names.insert(name_of(query));
    return names.size();
  }
  [[nodiscard]] int queries(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return queries_[name];
  }
  [[nodiscard]] int tcp_queries() {
    const std::scoped_lock lock(mutex_);
    return tcp_queries_;
  }

 private:
  static constexpr std::uint16_t kTypeA = 1;
  static constexpr std::uint16_t kTypeAaaa = 28;
  static constexpr std::size_t kHeader = 12;

  struct Record {
    std::vector<base::IpAddress> addresses;
    DnsBehaviour behaviour = DnsBehaviour::kNoSuchName;
    std::uint32_t ttl = 60;
  };

  bool bind_both(const std::string& text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr = base::IpAddress::parse(text).value().to_in_addr();
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    udp_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (bind(udp_.get(), generic, length) != 0) return false;
    if (getsockname(udp_.get(), generic, &length) != 0) return false;
    base::UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (bind(tcp.get(), generic, length) != 0 || listen(tcp.get(), 16) != 0) return false;
    port_ = ntohs(address.sin_port);
    tcp_ = std::move(tcp);
    return true;
  }

  void serve() {
    while (true) {
      std::array<pollfd, 3> ready = {
          {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
      if (poll(ready.data(), ready.size(), -1) < 0) continue;
      if (ready[2].revents != 0) return;
      if (ready[0].revents != 0) serve_udp();
      if (ready[1].revents != 0) serve_tcp();
    }
  }

  void serve_udp() {
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    Bytes query(512);
    const ssize_t size = recvfrom(udp_.get(), query.data(), query.size(), MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&peer), &length);
    if (size < static_cast<ssize_t>(kHeader + 5)) return;
    query.resize(static_cast<std::size_t>(size));
    const std::scoped_lock lock(mutex_);
    ++queries_[name_of(query)];
    if (held_) {
      kept_.emplace_back(peer, query);
    } else {
      answer_udp(peer, query);
    }
  }

  void answer_udp(const sockaddr_in& peer, const Bytes& query) {
    const Bytes reply = reply_to(query, false);
    if (reply.empty()) return;
    sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&peer),
           sizeof peer);
  }

  // One query per connection.
  void serve_tcp() {
    const base::UniqueFd connection(accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const timeval patience{5, 0};
    setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::array<std::uint8_t, 2> size{};
    if (recv(connection.get(), size.data(), size.size(), MSG_WAITALL) != 2) return;
    Bytes query(static_cast<std::size_t>(size[0]) * 256 + size[1]);
    const auto expected = static_cast<ssize_t>(query.size());
    if (recv(connection.get(), query.data(), query.size(), MSG_WAITALL) != expected) return;
    const std::scoped_lock lock(mutex_);
    ++tcp_queries_;
    Bytes reply = reply_to(query, true);
    const std::size_t length = reply.size();
    reply.insert(reply.begin(), {static_cast<std::uint8_t>(length >> 8U),
                                 static_cast<std::uint8_t>(length & 0xffU)});
    send(connection.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  }

  static std::string name_of(const Bytes& query) {
    std::string name;
    for (std::size_t at = kHeader; at < query.size() && query[at] != 0;) {
      const std::size_t length = query[at];
      if (!name.empty()) name += '.';
      for (std::size_t i = at + 1; i <= at + length && i < query.size(); ++i) {
        name += static_cast<char>(query[i]);
      }
      at += length + 1;
    }
    return name;
  }

  static void append16(Bytes& bytes, std::size_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xffU));
  }

  static Bytes header_of(const Bytes& query, std::uint8_t code, std::size_t answers) {
    Bytes reply(query.begin(), query.begin() + 2);
    reply.insert(reply.end(), {0x81, static_cast<std::uint8_t>(0x80U | code)});
    append16(reply, 1);
    append16(reply, answers);
    append16(reply, 0);
    append16(reply, 0);
    return reply;
  }

  static std::size_t question_end(const Bytes& query) {
    const auto end = std::find(query.begin() + kHeader, query.end(), 0);
    return std::min<std::size_t>(query.size(), static_cast<std::size_t>(end - query.begin()) + 5);
  }

  static void append_question(Bytes& reply, const Bytes& query) {
    reply.insert(reply.end(), query.begin() + kHeader,
                 query.begin() + static_cast<std::ptrdiff_t>(question_end(query)));
  }

  static std::uint16_t type_of(const Bytes& query) {
    const std::size_t end = question_end(query);
    return static_cast<std::uint16_t>(query[end - 4] * 256 + query[end - 3]);
  }

  static Bytes empty_reply(const Bytes& query, std::uint8_t code) {
    Bytes reply = header_of(query, code, 0);
    append_question(reply, query);
    return reply;
  }

  static Bytes good_reply(const Bytes& query, const Record& record) {
    const bool v4 = type_of(query) == kTypeA;
    std::vector<base::IpAddress> addresses;
    std::copy_if(record.addresses.begin(), record.addresses.end(), std::back_inserter(addresses),
                 [v4](const base::IpAddress& address) { return address.is_v4() == v4; });
    Bytes reply = header_of(query, 0, addresses.size());
    append_question(reply, query);
    for (const base::IpAddress& address : addresses) {
      append16(reply, 0xc00c);  // the name: that of the question
      append16(reply, v4 ? kTypeA : kTypeAaaa);
      append16(reply, 1);
      append16(reply, record.ttl >> 16U);
      append16(reply, record.ttl & 0xffffU);
      append16(reply, v4 ? 4 : 16);
      const auto& bytes = address.bytes();
      reply.insert(reply.end(), bytes.begin() + (v4 ? 12 : 0), bytes.end());
    }
    return reply;
  }

  Bytes garbage_reply(const Bytes& query, const Record& record) {
    const int kind = garbage_++ % 6;
    Bytes reply = good_reply(query, record);
    const std::size_t end = question_end(query);
    if (kind == 0) reply.resize(end + 5);       // ends within a record
    if (kind == 1) reply[6] = reply[7] = 0xff;  // far more records than there
    if (kind == 2) reply.resize(kHeader);       // no question
    if (kind == 3) std::fill(reply.begin() + kHeader, reply.end(), 0xc0);  // pointers to nowhere
    if (kind == 4 && reply.size() > end + 12) reply[end + 10] = 0xff;      // a length past the end
    if (kind == 5) {
      for (std::size_t i = kHeader; i < reply.size(); ++i) {
        reply[i] = static_cast<std::uint8_t>(i * 151 + static_cast<unsigned>(garbage_) * 31);
      }
    }
    return reply;
  }

  // Empty: no reply.
  Bytes reply_to(const Bytes& query, bool over_tcp) {
    const auto entry = records_.find(name_of(query));
    const Record record = entry == records_.end() ? Record{} : entry->second;
    switch (record.behaviour) {
      case DnsBehaviour::kNoSuchName:
        return empty_reply(query, 3);
      case DnsBehaviour::kServerFailure:
        return empty_reply(query, 2);
      case DnsBehaviour::kSilence:
        return {};
      case DnsBehaviour::kOneByte:
        return {0x00};
      case DnsBehaviour::kGarbage:
        return garbage_reply(query, record);
      case DnsBehaviour::kSilentOnce:
        if (queries_[name_of(query)] <= 2) return {};
        return good_reply(query, record);
      case DnsBehaviour::kWrongId: {
        Bytes reply = good_reply(query, record);
        reply[0] ^= 0xffU;
        return reply;
      }
      case DnsBehaviour::kTruncated: {
        if (over_tcp) return good_reply(query, record);
        Bytes reply = empty_reply(query, 0);
        reply[2] |= 0x02U;
        return reply;
      }
      case DnsBehaviour::kAnswer:
        break;
    }
    return good_reply(query, record);
  }

  base::UniqueFd udp_;
  base::UniqueFd tcp_;
  base::UniqueFd wake_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::map<std::string, Record> records_;
  std::map<std::string, int> queries_;
  std::vector<std::pair<sockaddr_in, Bytes>> kept_;
  bool held_ = false;
  int tcp_queries_ = 0;
  int garbage_ = 0;
  std::thread thread_;
};

}  // namespace rtt::support
