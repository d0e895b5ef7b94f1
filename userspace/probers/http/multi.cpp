#include "probers/http/multi.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>

namespace rtt::probers::http {

std::unique_ptr<Multi> Multi::create(base::EventLoop& loop, long most_kept) {
  CURLM* handle = curl_multi_init();
  if (handle == nullptr) return nullptr;
  return std::unique_ptr<Multi>(new Multi(loop, handle, most_kept));
}

Multi::Multi(base::EventLoop& loop, CURLM* handle, long most_kept)
    : loop_(loop), handle_(handle), timer_(loop.timer([this] { act(CURL_SOCKET_TIMEOUT, 0); })) {
  curl_multi_setopt(handle_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(handle_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(handle_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(handle_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(handle_, CURLMOPT_MAXCONNECTS, most_kept);
  curl_multi_setopt(handle_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

Multi::~Multi() {
  curl_multi_cleanup(handle_);
  assert(sockets_.empty());
}

bool Multi::add(CURL* easy, Running* running) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, running);
  return curl_multi_add_handle(handle_, easy) == CURLM_OK;
}

void Multi::remove(CURL* easy) { curl_multi_remove_handle(handle_, easy); }

void Multi::set_close_callback(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void Multi::retire(PoolId pool) {
  // curl has no call that closes one idle connection. It closes by itself, within a second of the next transfer,
  // those that are dead.
  for (auto& [fd, socket] : sockets_) {
    const bool is_idle = socket.established && socket.wanted == CURL_POLL_NONE;
    if (socket.pool == pool && is_idle) shutdown(fd, SHUT_RDWR);
  }
}

int Multi::on_close(void* self, curl_socket_t socket) {
  static_cast<Multi*>(self)->sockets_.erase(socket);  // a watch must end before its descriptor
  return close(socket);
}

int Multi::on_socket(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
  static_cast<Multi*>(self)->watch(socket, wanted == CURL_POLL_REMOVE ? CURL_POLL_NONE : wanted);
  return 0;
}

void Multi::watch(curl_socket_t fd, int wanted) {
  const auto found = sockets_.try_emplace(fd).first;
  Socket& socket = found->second;
  // One that did not come to be a connection curl closes without on_close(), perhaps already.
  if (wanted == CURL_POLL_NONE && !socket.established) {
    sockets_.erase(found);
    return;
  }
  if (socket.wanted == wanted) return;
  socket.wanted = wanted;
  socket.read = {};
  socket.write = {};
  socket.copy.reset();
  using base::Interest;
  if ((wanted & CURL_POLL_IN) != 0) {
    socket.read = loop_.watch(fd, Interest::kRead, [this, fd] { act(fd, CURL_CSELECT_IN); });
  }
  if ((wanted & CURL_POLL_OUT) == 0) return;
  int writable = fd;
  if ((wanted & CURL_POLL_IN) != 0) {
    socket.copy.reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!socket.copy) return;  // without a descriptor it goes on when something can be read
    writable = socket.copy.get();
  }
  socket.write = loop_.watch(writable, Interest::kWrite, [this, fd] { act(fd, CURL_CSELECT_OUT); });
}

int Multi::on_timer(CURLM*, long timeout_ms, void* self) {
  base::Timer& timer = static_cast<Multi*>(self)->timer_;
  if (timeout_ms < 0) {
    timer.cancel();
  } else {
    timer.expires_after(std::chrono::milliseconds(timeout_ms));
  }
  return 0;
}

void Multi::act(curl_socket_t fd, int events) {
  ++turn_;
  int running = 0;
  curl_multi_socket_action(handle_, fd, events, &running);
  finish_transfers();
}

void Multi::finish_transfers() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(handle_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    Running* running = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &running);
    curl_multi_remove_handle(handle_, easy);  // frees the message
    running->on_finished(result);
  }
}

}  // namespace rtt::probers::http
