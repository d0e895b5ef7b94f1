#include "targets/dns_channel.h"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace rtt::targets {
namespace {

constexpr int kTries = 2;

// c-ares counts its users, not thread-safely, and Linux needs nothing from it but the count: so there
// is one, for the life of the process.
class Library {
 public:
  Library() : status_(ares_library_init(ARES_LIB_INIT_ALL)) {}
  ~Library() {
    if (status_ == ARES_SUCCESS) ares_library_cleanup();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  [[nodiscard]] static int status() {
    static const Library library;
    return library.status_;
  }

 private:
  int status_;
};

DnsFailure failure_of(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
      return DnsFailure::kNotFound;
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ENOTIMP:
    case ARES_EFORMERR:
    case ARES_ECONNREFUSED:  // after SERVFAIL from all servers, too
      return DnsFailure::kServerFailure;
    case ARES_ETIMEOUT:
      return DnsFailure::kTimeout;
    case ARES_EBADRESP:
    case ARES_EOF:
      return DnsFailure::kBadAnswer;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADSTR:
      return DnsFailure::kBadName;
    default:
      return DnsFailure::kLocal;
  }
}

DnsAnswer answer_of(int status, const ares_addrinfo* info) {
  DnsAnswer answer;
  if (status != ARES_SUCCESS || info == nullptr) {
    answer.failure = failure_of(status);
    answer.detail = ares_strerror(status);
    return answer;
  }
  // A TTL with its top bit set means 0 (RFC 2181 section 8), and c-ares makes it negative.
  std::int64_t ttl = INT32_MAX;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, node->ai_addr, std::min<std::size_t>(node->ai_addrlen, sizeof storage));
    if (const auto address = base::IpAddress::from_sockaddr(storage)) {
      answer.addresses.push_back(*address);
    }
    ttl = std::min<std::int64_t>(ttl, std::max(node->ai_ttl, 0));
  }
  for (const ares_addrinfo_cname* cname = info->cnames; cname != nullptr; cname = cname->next) {
    ttl = std::min<std::int64_t>(ttl, std::max(cname->ttl, 0));
  }
  answer.ttl = std::chrono::seconds(ttl);
  if (answer.addresses.empty()) {
    answer.failure = DnsFailure::kNotFound;
    answer.detail = "no address";
  }
  return answer;
}

}  // namespace

std::string_view to_string(DnsFailure failure) {
  switch (failure) {
    case DnsFailure::kNotFound:
      return "not_found";
    case DnsFailure::kServerFailure:
      return "server_failure";
    case DnsFailure::kTimeout:
      return "timeout";
    case DnsFailure::kBadAnswer:
      return "bad_answer";
    case DnsFailure::kBadName:
      return "bad_name";
    case DnsFailure::kBadAddress:
      return "bad_address";
    case DnsFailure::kLocal:
    case DnsFailure::kCount:
      break;
  }
  return "local";
}

struct DnsChannel::Impl {
  explicit Impl(base::EventLoop& event_loop)
      : loop(event_loop), timeout(event_loop.timer([this] { process(ARES_SOCKET_BAD); })) {}
  ~Impl() {
    if (channel != nullptr) ares_destroy(channel);
  }

  int open(const Options& options) {
    if (const int status = Library::status(); status != ARES_SUCCESS) return status;
    ares_options wanted{};
    wanted.timeout = static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(options.query_timeout).count());
    wanted.tries = kTries;
    wanted.udp_port = options.port;
    wanted.tcp_port = options.port;
    wanted.sock_state_cb = on_socket_state;
    wanted.sock_state_cb_data = this;
    std::string path = options.resolv_conf;
    wanted.resolvconf_path = path.data();
    return ares_init_options(&channel, &wanted,
                             ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT |
                                 ARES_OPT_TCP_PORT | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF);
  }

  // c-ares wants to write only while a TCP connection is being made or is full; then there is
  // nothing to read yet, so that one watch per socket is enough.
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
    auto& watches = static_cast<Impl*>(self)->watches;
    watches.erase(fd);
    if (readable == 0 && writable == 0) return;
    watches.emplace(fd, static_cast<Impl*>(self)->loop.watch(
                            fd, writable != 0 ? base::Interest::kWrite : base::Interest::kRead,
                            [self, fd] { static_cast<Impl*>(self)->process(fd); }));
  }

  static void on_address_info(void* callback, int status, int /*timeouts*/, ares_addrinfo* info) {
    const std::unique_ptr<OnAnswer> on_answer(static_cast<OnAnswer*>(callback));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(info,
                                                                             ares_freeaddrinfo);
    if (status != ARES_EDESTRUCTION) (*on_answer)(answer_of(status, info));
  }

  void process(ares_socket_t fd) {
    ares_process_fd(channel, fd, fd);
    set_timeout();
  }

  void set_timeout() {
    timeval left{};
    if (ares_timeout(channel, nullptr, &left) == nullptr) return timeout.cancel();
    // c-ares rounds: a little too early would find nothing timed out, and again.
    timeout.expires_after(std::chrono::seconds(left.tv_sec) +
                          std::chrono::microseconds(left.tv_usec) + std::chrono::milliseconds(1));
  }

  base::EventLoop& loop;
  std::map<ares_socket_t, base::FdWatch> watches;
  base::Timer timeout;
  ares_channel channel = nullptr;
};

DnsChannel::DnsChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DnsChannel::~DnsChannel() = default;

base::Result<void> DnsChannel::check() {
  if (Library::status() == ARES_SUCCESS) return {};
  return base::Error{std::string("cannot initialise c-ares: ") + ares_strerror(Library::status())};
}

base::Result<std::unique_ptr<DnsChannel>> DnsChannel::create(base::EventLoop& loop,
                                                             const Options& options) {
  auto impl = std::make_unique<Impl>(loop);
  if (const int status = impl->open(options); status != ARES_SUCCESS) {
    return base::Error{"cannot set up the resolver with " + options.resolv_conf + ": " +
                       ares_strerror(status)};
  }
  return std::unique_ptr<DnsChannel>(new DnsChannel(std::move(impl)));
}

void DnsChannel::look_up(const std::string& name, OnAnswer on_answer) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  auto callback = std::make_unique<OnAnswer>(std::move(on_answer));
  ares_getaddrinfo(impl_->channel, name.c_str(), nullptr, &hints, Impl::on_address_info,
                   callback.release());
  impl_->set_timeout();
}

}  // namespace rtt::targets
