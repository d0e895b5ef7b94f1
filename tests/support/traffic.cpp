#include "support/traffic.h"

#include <exception>
#include <memory>

#include "support/socket.h"

namespace rtt::support {

Traffic::Traffic(const Namespace& where, std::function<bool()> step)
    : thread_([this, &where, step = std::move(step)] {
        try {
          where.enter();
          while (!stop_ && step()) {
          }
        } catch (const std::exception&) {
          // The traffic is missing then, which the test sees in what it measures.
        }
      }) {}

Traffic::~Traffic() {
  stop_ = true;
  thread_.join();
}

std::function<bool()> exchanges(const std::string& host, std::uint16_t port) {
  const auto connection = std::make_shared<base::UniqueFd>();
  return [host, port, connection] {
    if (!*connection) {
      auto fd = connect_tcp(host, port);
      if (!fd) return false;
      *connection = std::move(*fd);
    }
    return exchange(connection->get(), "ping");
  };
}

std::function<bool()> connections(const std::string& host, std::uint16_t port) {
  return [host, port] {
    const auto fd = connect_tcp(host, port);
    return fd.ok() && exchange(fd->get(), "ping");
  };
}

}  // namespace rtt::support
