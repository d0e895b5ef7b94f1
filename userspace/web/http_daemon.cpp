#include "web/http_daemon.h"

#include <microhttpd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "base/logging.h"
#include "web/mhd_connection.h"
#include "web/tls_settings.h"

namespace rtt::web {
namespace {

constexpr unsigned kThreads = 4;
// Above what the table lets live: room for those that are ended but not yet closed.
constexpr unsigned kMaxConnections = 512;
// Of a connection: request line and headers, and in the half of it that they leave a piece of a streamed body.
constexpr std::size_t kConnectionMemory = 64 * 1024;
// Longer than the usual scrape interval, so that a scraper can keep its connection.
constexpr unsigned kIdleSeconds = 90;

constexpr const char* kRealm = "Basic realm=\"rtt_exporter\", charset=\"UTF-8\"";

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

using ResponsePointer = std::unique_ptr<MHD_Response, ResponseDeleter>;

// Takes the body over.
ResponsePointer to_mhd(std::string text) {
  auto body = std::make_unique<std::string>(std::move(text));
  const auto free_body = [](void* text) { delete static_cast<std::string*>(text); };
  ResponsePointer result(MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), free_body, body.get()));
  if (result) static_cast<void>(body.release());  // free_body's now
  return result;
}

// libmicrohttpd ends a stream of unknown length with an empty chunk, also the answer to HEAD, which has no body. So that
// one gets the length that the body would have.
std::uint64_t length_for(std::string_view method, const BodyStream& stream) {
  if (method != "HEAD") return MHD_SIZE_UNKNOWN;
  std::vector<char> piece(64 * 1024);
  std::uint64_t length = 0;
  while (const std::size_t more = stream.read(piece.data(), piece.size())) length += more;
  return length;
}

ResponsePointer to_mhd(BodyStream stream, std::uint64_t length) {
  constexpr std::size_t kPiece = 16 * 1024;  // to clients of HTTP/1.0
  auto body = std::make_unique<BodyStream>(std::move(stream));
  const auto read = [](void* stream, std::uint64_t, char* to, std::size_t size) -> ssize_t {
    const std::size_t length = static_cast<BodyStream*>(stream)->read(to, size);
    return length > 0 ? static_cast<ssize_t>(length) : MHD_CONTENT_READER_END_OF_STREAM;
  };
  const auto free_body = [](void* stream) { delete static_cast<BodyStream*>(stream); };
  ResponsePointer result(
      MHD_create_response_from_callback(length, kPiece, read, body.get(), free_body));
  if (result) static_cast<void>(body.release());  // free_body's now
  return result;
}

// A null byte would end the path for us, but not for a proxy that decides by it: what has one stays as it was sent, and
// is no page and no host.
std::size_t unescape(void*, MHD_Connection*, char* text) {
  return std::strstr(text, "%00") != nullptr ? std::strlen(text) : MHD_http_unescape(text);
}

// What the user has configured goes before what the page says itself.
void set_header(Response& response, const std::string& name, const std::string& value) {
  std::erase_if(response.headers, [&](const auto& header) { return header.first == name; });
  response.headers.emplace_back(name, value);
}

MHD_Result queue(MHD_Connection* connection, std::string_view method, Response response,
                 const Settings& settings) {
  for (const auto& [name, value] : settings.headers) set_header(response, name, value);
  ResponsePointer answer;
  if (response.stream.read) {
    const std::uint64_t length = length_for(method, response.stream);
    answer = to_mhd(std::move(response.stream), length);
  } else {
    answer = to_mhd(std::move(response.body));
  }
  if (!answer) return MHD_NO;
  MHD_add_response_header(answer.get(), "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(answer.get(), name.c_str(), value.c_str());
  }
  return MHD_queue_response(connection, static_cast<unsigned>(response.status), answer.get());
}

// Of a connection, from its begin to its end.
struct ConnectionContext {
  ConnectionTable::Handle handle;
  std::shared_ptr<const Settings> settings;  // the session's
};

enum class Password { kUnchecked, kRight, kWrong, kUnknown };

// Of a request, from its headers to the end of its answer.
struct RequestContext {
  std::shared_ptr<const Settings> settings;
  std::atomic<Password> password = Password::kUnchecked;
  std::optional<Response> later{};  // the answer that was waited for; not read while suspended
};

ConnectionContext& context_of(MHD_Connection* connection) {
  return *static_cast<ConnectionContext*>(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
}

int verify_client(gnutls_session_t session) {
  auto* const connection = static_cast<MHD_Connection*>(gnutls_session_get_ptr(session));
  if (context_of(connection).settings->tls->accepts(session)) return 0;
  // libmicrohttpd only ends the connection, which says nothing to the client.
  gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
  return GNUTLS_E_CERTIFICATE_ERROR;
}

gnutls_session_t session_of(MHD_Connection* connection) {
  return static_cast<gnutls_session_t>(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
}

Response unauthorized() {
  return {
      401, kPlainText, "A user name and a password are needed.\n", {{"WWW-Authenticate", kRealm}}};
}

Response busy() {
  return {503, kPlainText, "Too many passwords are being checked.\n", {{"Retry-After", "1"}}};
}

// While it is suspended the connection stays, and its descriptor with it.
void answer_later(MHD_Connection* connection, RequestContext& context, const Response& response) {
  MHD_suspend_connection(connection);  // first, because the answer may come at once
  response.later([fd = fd_of(connection)] { return has_hung_up(fd); },
                 [connection, &context](Response answer) {
                   context.later = std::move(answer);
                   MHD_resume_connection(connection);
                 });
}

}  // namespace

struct HttpDaemon::Impl {
  const Shared shared;
  const std::shared_ptr<const Settings> no_settings = std::make_shared<Settings>();
  // Last, so that no callback runs once the rest is gone.
  std::unique_ptr<MHD_Daemon, DaemonDeleter> daemon;

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path,
                               const char* method, const char* version, const char* body,
                               std::size_t* body_size, void** request_context);
  static void on_connection(void* self, MHD_Connection* connection, void** socket_context,
                            MHD_ConnectionNotificationCode what);
  static void on_completed(void* self, MHD_Connection* connection, void** request_context,
                           MHD_RequestTerminationCode reason);

  [[nodiscard]] std::shared_ptr<const Settings> settings() const {
    return shared.settings != nullptr ? shared.settings->current() : no_settings;
  }
  MHD_Result begin(MHD_Connection* connection, const char* method, RequestContext& context);
  MHD_Result answer(MHD_Connection* connection, RequestContext& context, const Request& request);
  // Whether the client may read; nothing while the connection is suspended for the check.
  std::optional<Password> password(MHD_Connection* connection, RequestContext& context,
                                   const Request& request);
  void check_later(MHD_Connection* connection, RequestContext& context, PasswordClaim claim);
  MHD_Result send(MHD_Connection* connection, RequestContext& context, std::string_view method,
                  Response response);
};

MHD_Result HttpDaemon::Impl::on_request(void* self, MHD_Connection* connection, const char* path,
                                        const char* method, const char*, const char*,
                                        std::size_t* body_size, void** request_context) {
  // Called once for the headers, then per piece of the body, then once for the whole request, and
  // again when its password has been checked or its later answer is there.
  auto& impl = *static_cast<Impl*>(self);
  if (*request_context == nullptr) {
    auto* const context = new RequestContext{.settings = impl.settings()};
    *request_context = context;  // on_completed()'s
    return impl.begin(connection, method, *context);
  }
  if (*body_size != 0) {
    *body_size = 0;
    return MHD_YES;
  }
  return impl.answer(connection, *static_cast<RequestContext*>(*request_context),
                     to_request(connection, method, path));
}

MHD_Result HttpDaemon::Impl::begin(MHD_Connection* connection, const char* method,
                                   RequestContext& context) {
  if (!has_large_body(connection)) return MHD_YES;
  return queue(connection, method, {413, kPlainText, "This server takes no request bodies.\n", {}},
               *context.settings);
}

MHD_Result HttpDaemon::Impl::answer(MHD_Connection* connection, RequestContext& context,
                                    const Request& request) {
  shared.connections.working(context_of(connection).handle);
  if (context.later) return send(connection, context, request.method, *std::move(context.later));
  const auto password = this->password(connection, context, request);
  if (!password) return MHD_YES;
  Response response = *password == Password::kRight   ? shared.handler(request)
                      : *password == Password::kWrong ? unauthorized()
                                                      : busy();
  if (response.later) {
    answer_later(connection, context, response);
    return MHD_YES;
  }
  return send(connection, context, request.method, std::move(response));
}

MHD_Result HttpDaemon::Impl::send(MHD_Connection* connection, RequestContext& context,
                                  std::string_view method, Response response) {
  shared.connections.sending(context_of(connection).handle,
                             response.body.size() + response.stream.memory);
  return queue(connection, method, std::move(response), *context.settings);
}

std::optional<Password> HttpDaemon::Impl::password(MHD_Connection* connection,
                                                   RequestContext& context,
                                                   const Request& request) {
  if (context.password != Password::kUnchecked) return context.password;
  const std::shared_ptr<PasswordUsers>& users = context.settings->users;
  if (!users) return Password::kRight;
  auto claim = parse_authorization(request.header("Authorization"));
  if (!claim) return Password::kWrong;
  if (users->remembers(*claim)) return Password::kRight;
  check_later(connection, context, *std::move(claim));
  return std::nullopt;
}

void HttpDaemon::Impl::check_later(MHD_Connection* connection, RequestContext& context,
                                   PasswordClaim claim) {
  const auto done = [connection, &context](std::optional<bool> right) {
    context.password = !right ? Password::kUnknown : *right ? Password::kRight : Password::kWrong;
    MHD_resume_connection(connection);
  };
  // First, because `done` may come at once. While it is suspended the connection stays.
  MHD_suspend_connection(connection);
  const bool accepted = shared.passwords.submit({.users = context.settings->users,
                                                 .claim = std::move(claim),
                                                 .client = address_of(connection),
                                                 .done = done});
  if (!accepted) done(std::nullopt);
}

void HttpDaemon::Impl::on_completed(void* self, MHD_Connection* connection, void** request_context,
                                    MHD_RequestTerminationCode) {
  delete static_cast<RequestContext*>(*request_context);
  *request_context = nullptr;
  static_cast<Impl*>(self)->shared.connections.waiting(context_of(connection).handle);
}

void HttpDaemon::Impl::on_connection(void* self, MHD_Connection* connection, void** socket_context,
                                     MHD_ConnectionNotificationCode what) {
  auto& impl = *static_cast<Impl*>(self);
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    auto* const context = new ConnectionContext{
        impl.shared.connections.opened(fd_of(connection), address_of(connection)), impl.settings()};
    *socket_context = context;
    if (const TlsSettings* const tls = context->settings->tls.get()) {
      tls->apply(session_of(connection), &verify_client);
    }
    return;
  }
  const std::unique_ptr<ConnectionContext> context(
      static_cast<ConnectionContext*>(*socket_context));
  impl.shared.connections.closed(context->handle);
}

base::Result<std::unique_ptr<HttpDaemon>> HttpDaemon::create(base::UniqueFd listen_socket,
                                                             const Shared& shared) {
  std::unique_ptr<Impl> impl(new Impl{.shared = shared, .daemon = nullptr});
  unsigned flags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
  std::vector<MHD_OptionItem> tls_options;
  const std::shared_ptr<const Settings> settings = impl->settings();
  if (settings->tls) {
    // Each session gets the newest of these; the daemon only wants to have some.
    const auto text = [](const std::string& pem) { return const_cast<char*>(pem.c_str()); };
    flags |= MHD_USE_TLS;
    tls_options = {{MHD_OPTION_HTTPS_MEM_CERT, 0, text(settings->tls->config().certificate)},
                   {MHD_OPTION_HTTPS_MEM_KEY, 0, text(settings->tls->config().key)}};
  }
  tls_options.push_back({MHD_OPTION_END, 0, nullptr});
  // The daemon's from here on: it closes the socket also when its threads cannot start.
  const int fd = listen_socket.release();
  impl->daemon.reset(MHD_start_daemon(
      flags, 0, nullptr, nullptr, &Impl::on_request, impl.get(),  //
      MHD_OPTION_EXTERNAL_LOGGER, &log_message, nullptr,          //
      MHD_OPTION_UNESCAPE_CALLBACK, &unescape, nullptr,           //
      MHD_OPTION_LISTEN_SOCKET, fd,                               //
      MHD_OPTION_THREAD_POOL_SIZE, kThreads,                      //
      MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,               //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory,      //
      MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,                //
      MHD_OPTION_NOTIFY_CONNECTION, &Impl::on_connection, impl.get(), MHD_OPTION_NOTIFY_COMPLETED,
      &Impl::on_completed, impl.get(), MHD_OPTION_ARRAY, tls_options.data(), MHD_OPTION_END));
  if (!impl->daemon) return base::errno_error("cannot start the HTTP server's threads");
  return std::unique_ptr<HttpDaemon>(new HttpDaemon(std::move(impl)));
}

HttpDaemon::HttpDaemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpDaemon::~HttpDaemon() = default;

}  // namespace rtt::web
