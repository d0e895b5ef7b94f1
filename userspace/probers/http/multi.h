// One curl multi handle on the event loop: its sockets, its timer, and the connections that it keeps.
//
// curl never waits: it says which descriptors and which time matter, and is called when they are there
// (CURLMOPT_SOCKETFUNCTION, CURLMOPT_TIMERFUNCTION). Lives on the probe loop, and must outlive what runs on it.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace rtt::probers::http {

/// Whose kept connections a transfer may use: no other's, whatever the address.
using PoolId = std::uint32_t;

/// A transfer that runs; see Multi::add().
class Running {
 public:
  virtual ~Running() = default;
  /// Once, when it is over and no longer runs. May destroy this object and start others.
  virtual void on_finished(CURLcode result) = 0;
};

class Multi {
 public:
  /// Null when there is no memory. `most_kept`: idle connections; past them the oldest is closed.
  [[nodiscard]] static std::unique_ptr<Multi> create(base::EventLoop& loop, long most_kept);
  /// Closes every connection. Precondition: nothing runs.
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  /// Starts it; false when there is no memory. Calls nothing back before it returns.
  [[nodiscard]] bool add(CURL* easy, Running* running);
  /// Ends it without on_finished(), and closes its connection.
  void remove(CURL* easy);

  /// What a handle must have before it is added: it gives sockets back to this.
  void set_close_callback(CURL* easy);
  /// A new socket of `pool` that curl gets, and closes.
  void adopt(curl_socket_t socket, PoolId pool) { sockets_[socket].pool = pool; }
  /// That socket's handshakes are over: from now on it may become idle.
  void establish(curl_socket_t socket) { sockets_[socket].established = true; }
  /// Ends the idle connections of a pool that nobody uses any more.
  void retire(PoolId pool);

  /// Rises with every call into curl: what has the same number happened at once.
  [[nodiscard]] std::uint64_t turn() const { return turn_; }

 private:
  // curl may wait for both; a descriptor has one watch, so the second is for a copy of it.
  struct Socket {
    int wanted = CURL_POLL_NONE;
    base::FdWatch read;
    base::UniqueFd copy;
    base::FdWatch write;
    PoolId pool = 0;
    bool established = false;
  };

  Multi(base::EventLoop& loop, CURLM* handle, long most_kept);

  static int on_socket(CURL* easy, curl_socket_t socket, int wanted, void* self, void*);
  static int on_timer(CURLM* handle, long timeout_ms, void* self);
  static int on_close(void* self, curl_socket_t socket);

  void watch(curl_socket_t fd, int wanted);
  void act(curl_socket_t fd, int events);
  void finish_transfers();

  base::EventLoop& loop_;
  CURLM* handle_;
  base::Timer timer_;
  std::unordered_map<curl_socket_t, Socket> sockets_;  // those that are watched or established
  std::uint64_t turn_ = 0;
};

}  // namespace rtt::probers::http
