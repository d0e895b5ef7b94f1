#include "web/http_daemon.h"

#include <microhttpd.h>

#include <cassert>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/logging.h"

namespace rtt::web {
namespace {

constexpr unsigned kThreads = 4;
// Above what the table lets live: room for those that are ended but not yet closed.
constexpr unsigned kMaxConnections = 512;
constexpr std::size_t kRequestMemory = 16 * 1024;  // request line and headers
constexpr std::size_t kMaxBody = 64 * 1024;        // no request needs one; small ones are skipped
// Longer than the usual scrape interval, so that a scraper can keep its connection.
constexpr unsigned kIdleSeconds = 90;

struct DaemonDeleter {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};

struct ResponseDeleter {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

void log_message(void*, const char* format, va_list arguments) {
  char text[256];
  if (std::vsnprintf(text, sizeof text, format, arguments) < 0) return;
  text[std::strcspn(text, "\n")] = '\0';
  base::log_debug("http server", {{"message", text}});
}

bool has_large_body(MHD_Connection* connection) {
  const auto header = [connection](const char* name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  };
  if (header("Transfer-Encoding") != nullptr) return true;
  const char* const text = header("Content-Length");
  if (text == nullptr) return false;
  std::size_t length = 0;
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, length).ec != std::errc() || length > kMaxBody;
}

Request to_request(MHD_Connection* connection, const char* method, const char* path) {
  Request request{.method = method, .path = path};
  const auto add = [](void* into, MHD_ValueKind, const char* name, const char* value) {
    static_cast<Request*>(into)->headers.emplace_back(name, value != nullptr ? value : "");
    return MHD_YES;
  };
  MHD_get_connection_values(connection, MHD_HEADER_KIND, add, &request);
  return request;
}

// Takes the body over: it may be the size of all series.
std::unique_ptr<MHD_Response, ResponseDeleter> to_mhd(Response response) {
  auto body = std::make_unique<std::string>(std::move(response.body));
  const auto free_body = [](void* text) { delete static_cast<std::string*>(text); };
  std::unique_ptr<MHD_Response, ResponseDeleter> result(
      MHD_create_response_from_buffer_with_free_callback_cls(body->size(), body->data(), free_body,
                                                             body.get()));
  if (!result) return result;
  static_cast<void>(body.release());  // free_body's now
  MHD_add_response_header(result.get(), "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(result.get(), name.c_str(), value.c_str());
  }
  return result;
}

MHD_Result queue(MHD_Connection* connection, Response response) {
  const int status = response.status;
  const auto answer = to_mhd(std::move(response));
  if (!answer) return MHD_NO;
  return MHD_queue_response(connection, static_cast<unsigned>(status), answer.get());
}

ConnectionTable::Handle& handle_of(void* socket_context) {
  return *static_cast<ConnectionTable::Handle*>(socket_context);
}

ConnectionTable::Handle& handle_of(MHD_Connection* connection) {
  return handle_of(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
}

}  // namespace

struct HttpDaemon::Impl {
  Handler handler;
  ConnectionTable& connections;
  // Last, so that no callback runs once the rest is gone.
  std::unique_ptr<MHD_Daemon, DaemonDeleter> daemon;

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path,
                               const char* method, const char* version, const char* body,
                               std::size_t* body_size, void** request_context);
  static void on_connection(void* self, MHD_Connection* connection, void** socket_context,
                            MHD_ConnectionNotificationCode what);
  static void on_completed(void* self, MHD_Connection* connection, void** request_context,
                           MHD_RequestTerminationCode reason);

  MHD_Result answer(MHD_Connection* connection, const Request& request);
};

MHD_Result HttpDaemon::Impl::on_request(void* self, MHD_Connection* connection, const char* path,
                                        const char* method, const char*, const char*,
                                        std::size_t* body_size, void** request_context) {
  // Called once for the headers, then per piece of the body, then once for the whole request.
  if (*request_context == nullptr) {
    *request_context = self;
    if (!has_large_body(connection)) return MHD_YES;
    return queue(connection, {413, kPlainText, "This server takes no request bodies.\n", {}});
  }
  if (*body_size != 0) {
    *body_size = 0;
    return MHD_YES;
  }
  return static_cast<Impl*>(self)->answer(connection, to_request(connection, method, path));
}

MHD_Result HttpDaemon::Impl::answer(MHD_Connection* connection, const Request& request) {
  const ConnectionTable::Handle handle = handle_of(connection);
  connections.working(handle);
  Response response = handler(request);
  connections.sending(handle, response.body.size());
  return queue(connection, std::move(response));
}

void HttpDaemon::Impl::on_completed(void* self, MHD_Connection* connection, void**,
                                    MHD_RequestTerminationCode) {
  static_cast<Impl*>(self)->connections.waiting(handle_of(connection));
}

void HttpDaemon::Impl::on_connection(void* self, MHD_Connection* connection, void** socket_context,
                                     MHD_ConnectionNotificationCode what) {
  ConnectionTable& connections = static_cast<Impl*>(self)->connections;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    const int fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    *socket_context = std::make_unique<ConnectionTable::Handle>(connections.opened(fd)).release();
    return;
  }
  const std::unique_ptr<ConnectionTable::Handle> handle(&handle_of(*socket_context));
  connections.closed(*handle);
}

base::Result<std::unique_ptr<HttpDaemon>> HttpDaemon::create(base::UniqueFd listen_socket,
                                                             Handler handler,
                                                             ConnectionTable& connections) {
  auto impl = std::make_unique<Impl>(Impl{std::move(handler), connections, nullptr});
  // The daemon's from here on: it closes the socket also when its threads cannot start.
  const int fd = listen_socket.release();
  impl->daemon.reset(MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, nullptr, nullptr,
      &Impl::on_request, impl.get(),                       //
      MHD_OPTION_EXTERNAL_LOGGER, &log_message, nullptr,   //
      MHD_OPTION_LISTEN_SOCKET, fd,                        //
      MHD_OPTION_THREAD_POOL_SIZE, kThreads,               //
      MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,        //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kRequestMemory,  //
      MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,         //
      MHD_OPTION_NOTIFY_CONNECTION, &Impl::on_connection, impl.get(), MHD_OPTION_NOTIFY_COMPLETED,
      &Impl::on_completed, impl.get(), MHD_OPTION_END));
  if (!impl->daemon) return base::errno_error("cannot start the HTTP server's threads");
  return std::unique_ptr<HttpDaemon>(new HttpDaemon(std::move(impl)));
}

HttpDaemon::HttpDaemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpDaemon::~HttpDaemon() = default;

}  // namespace rtt::web
