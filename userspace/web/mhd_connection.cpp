#include "web/mhd_connection.h"

#include <poll.h>

#include <charconv>
#include <cstring>

namespace rtt::web {
namespace {

constexpr std::size_t kMaxBody = 64 * 1024;  // no request needs one; small ones are skipped

}  // namespace

int fd_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

base::IpAddress address_of(MHD_Connection* connection) {
  const sockaddr* const name =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  sockaddr_storage storage{};
  const std::size_t size = name->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(&storage, name, size);
  return base::IpAddress::from_sockaddr(storage).value_or(base::IpAddress());
}

bool has_hung_up(int fd) {
  pollfd client{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return poll(&client, 1, 0) == 1;
}

Request to_request(MHD_Connection* connection, const char* method, const char* path) {
  Request request{.method = method, .path = path};
  const auto add = [](void* into, MHD_ValueKind, const char* name, const char* value) {
    static_cast<Request*>(into)->headers.emplace_back(name, value != nullptr ? value : "");
    return MHD_YES;
  };
  MHD_get_connection_values(connection, MHD_HEADER_KIND, add, &request);
  // With their sizes: they may contain any byte.
  const auto add_argument = [](void* into, MHD_ValueKind, const char* name, std::size_t name_size,
                               const char* value, std::size_t value_size) {
    static_cast<Request*>(into)->query.emplace_back(
        std::string(name, name_size),
        value != nullptr ? std::string(value, value_size) : std::string());
    return MHD_YES;
  };
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, add_argument, &request);
  return request;
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

}  // namespace rtt::web
