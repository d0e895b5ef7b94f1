#include "web/server.h"

#include <thread>

#include "web/http_daemon.h"
#include "web/password_checker.h"
#include "web/routes.h"

namespace rtt::web {
struct Server::Impl {
  Impl(const ServerOptions& options, Backend backend)
      : routes(options, std::move(backend)), connections(options.limits) {}
  // The daemons cannot end while a connection is suspended for its password.
  ~Impl() { passwords.stop(); }

  Routes routes;
  ConnectionTable connections;
  std::jthread watcher{[this](const std::stop_token& stop) { connections.watch(stop); }};
  PasswordChecker passwords{{}};
  std::vector<base::ListenAddress> addresses;
  std::vector<std::unique_ptr<HttpDaemon>> daemons;  // last: they use the rest
};

base::Result<std::unique_ptr<Server>> Server::create(std::vector<ListenSocket> sockets,
                                                     const ServerOptions& options,
                                                     Backend backend) {
  auto impl = std::make_unique<Impl>(options, std::move(backend));
  for (ListenSocket& socket : sockets) {
    auto daemon = HttpDaemon::create(
        std::move(socket.fd),
        {.handler = [&routes =
                         impl->routes](const Request& request) { return routes.answer(request); },
         .connections = impl->connections,
         .passwords = impl->passwords,
         .settings = options.settings});
    if (!daemon) return daemon.error();
    impl->daemons.push_back(std::move(*daemon));
    impl->addresses.push_back(socket.address);
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::vector<base::ListenAddress> Server::addresses() const { return impl_->addresses; }

}  // namespace rtt::web
