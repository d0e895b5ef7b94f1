#include "echo_server/echo_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/logging.h"
#include "echo_server/connection.h"
#include "echo_server/udp_service.h"

namespace rtt::echo_server {
namespace {

constexpr metrics::FamilyInfo kConnections{"rtt_exporter_echo_server_connections",
                                           "Clients connected to the echo server now."};
constexpr metrics::FamilyInfo kRejected{
    "rtt_exporter_echo_server_connections_rejected_total",
    "Clients that the echo server closed at once: too many connections (limit), or no descriptor "
    "or memory left for one more (resources)."};
constexpr metrics::FamilyInfo kDatagramsDropped{
    "rtt_exporter_echo_server_datagrams_dropped_total",
    "Datagrams that the echo server did not answer: from or to what is not one node (source, "
    "destination), from a port that is not above its own or is below 1024 (source_port), longer "
    "than an Ethernet frame (too_long), the same again and again, as in a loop (repeated), the "
    "answer not taken by the kernel (not_sent), no room to receive it (overflow)."};
constexpr std::string_view kReason = "reason";
constexpr std::string_view kLimit = "limit";
constexpr std::string_view kResources = "resources";

// One read, and with it the most that waits for a client that does not read: enough for every
// message of a prober, and 16 MiB in all at the default limit of connections.
constexpr std::size_t kScratchBytes = 16 * 1024;
// Other work of the loop gets its turn in between.
constexpr int kAcceptsPerTurn = 16;
constexpr base::nanoseconds kAcceptPause = std::chrono::milliseconds(100);

base::UniqueFd open_reserve() { return base::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

base::UniqueFd accept_from(const Listener& listener) {
  return base::UniqueFd(
      accept4(listener.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

void close_with_reset(base::UniqueFd socket) {
  const linger no_time_wait{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &no_time_wait, sizeof no_time_wait);
}

}  // namespace

struct EchoServer::Impl {
  struct Door {
    Listener listener;
    base::FdWatch watch;
    base::Timer resume;
  };

  Impl(base::EventLoop& event_loop, metrics::ExporterMetrics& exporter_metrics, Limits bounds)
      : loop(event_loop), metrics(exporter_metrics), limits(bounds) {}
  ~Impl() {
    connections.clear();
    update_gauge();
  }

  void serve(BoundSockets sockets);
  void open_door(Door& door);
  void accept_some(Door& door);
  /// Whether to go on accepting after a failed accept4().
  [[nodiscard]] bool survive_accept_error(Door& door, int error);
  void pause(Door& door);
  void admit(base::UniqueFd socket);
  void count_rejected(std::string_view reason, double count);
  void count_dropped(const RefusalCounts& counts);
  void update_gauge();

  base::EventLoop& loop;
  metrics::ExporterMetrics& metrics;
  const Limits limits;
  std::array<char, kScratchBytes> scratch{};
  // Given up for a moment to accept, and so to close, a client when no descriptor is left: it would
  // wait in the backlog and wake the loop for ever.
  base::UniqueFd reserve = open_reserve();
  std::vector<std::unique_ptr<Door>> doors;
  std::map<int, std::unique_ptr<Connection>> connections;  // by descriptor
  struct Udp {
    DatagramBatch batch;
    RepeatGuard guard;
    std::vector<std::unique_ptr<UdpService>> services;
  };
  std::unique_ptr<Udp> udp;  // once there is an address
};

void EchoServer::Impl::serve(BoundSockets sockets) {
  const base::ListenAddress address = sockets.tcp.address;
  if (!udp) udp = std::make_unique<Udp>();
  for (base::UniqueFd& socket : sockets.udp) {
    udp->services.push_back(std::make_unique<UdpService>(
        loop, std::move(socket), address.port, udp->batch, udp->guard,
        [this](const RefusalCounts& counts) { count_dropped(counts); }));
  }
  doors.push_back(std::make_unique<Door>(Door{std::move(sockets.tcp), {}, {}}));
  open_door(*doors.back());
  base::log_info("echo server listens", {{"address", address.to_string()}});
}

void EchoServer::Impl::open_door(Door& door) {
  door.watch = loop.watch(door.listener.socket.get(), base::Interest::kRead,
                          [this, &door] { accept_some(door); });
}

void EchoServer::Impl::accept_some(Door& door) {
  for (int turn = 0; turn < kAcceptsPerTurn; ++turn) {
    if (base::UniqueFd socket = accept_from(door.listener)) {
      admit(std::move(socket));
    } else if (!survive_accept_error(door, errno)) {
      return;
    }
  }
}

bool EchoServer::Impl::survive_accept_error(Door& door, int error) {
  if (error == EAGAIN) return false;
  if (error == EINTR || error == ECONNABORTED) return true;  // the client left again
  if (error == EMFILE || error == ENFILE) {
    reserve.reset();
    base::UniqueFd refused = accept_from(door.listener);
    const bool closed_one = static_cast<bool>(refused);
    if (closed_one) close_with_reset(std::move(refused));
    reserve = open_reserve();
    if (closed_one) count_rejected(kResources, 1);
    if (closed_one && reserve) return true;
  }
  pause(door);
  return false;
}

void EchoServer::Impl::pause(Door& door) {
  door.watch = base::FdWatch();
  door.resume = loop.timer([this, &door] { open_door(door); });
  door.resume.expires_after(kAcceptPause);
}

void EchoServer::Impl::admit(base::UniqueFd socket) {
  if (connections.size() >= limits.max_connections) {
    close_with_reset(std::move(socket));
    return count_rejected(kLimit, 1);
  }
  const int key = socket.get();
  connections[key] = std::make_unique<Connection>(loop, std::move(socket), scratch,
                                                  limits.idle_timeout, [this, key] {
                                                    connections.erase(key);
                                                    update_gauge();
                                                  });
  update_gauge();
}

void EchoServer::Impl::count_rejected(std::string_view reason, double count) {
  metrics.add_counter(kRejected, {{std::string(kReason), std::string(reason)}}, count);
}

void EchoServer::Impl::count_dropped(const RefusalCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    metrics.add_counter(kDatagramsDropped,
                        {{std::string(kReason), to_string(static_cast<Refusal>(i))}},
                        static_cast<double>(counts[i]));
  }
}

void EchoServer::Impl::update_gauge() {
  metrics.set_gauge(kConnections, {}, static_cast<double>(connections.size()));
}

std::unique_ptr<EchoServer> EchoServer::create(base::EventLoop& loop,
                                               metrics::ExporterMetrics& metrics,
                                               std::vector<BoundSockets> sockets, Limits limits) {
  auto impl = std::make_unique<Impl>(loop, metrics, limits);
  for (BoundSockets& bound : sockets) impl->serve(std::move(bound));
  impl->count_rejected(kLimit, 0);
  impl->count_rejected(kResources, 0);
  impl->count_dropped({});
  impl->update_gauge();
  return std::unique_ptr<EchoServer>(new EchoServer(std::move(impl)));
}

EchoServer::EchoServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EchoServer::~EchoServer() = default;

std::vector<base::ListenAddress> EchoServer::addresses() const {
  std::vector<base::ListenAddress> result;
  for (const auto& door : impl_->doors) result.push_back(door->listener.address);
  return result;
}

}  // namespace rtt::echo_server
