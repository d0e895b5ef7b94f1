// The part of a TCP_INFO poll that lies in other network namespaces: one after another, a socket
// inside each, which is closed as soon as the namespace has been dumped, so that no namespace lives
// longer than its processes and mounts.
//
// A namespace without an established connection, now and when it was last dumped, is not dumped: a
// dump costs the kernel a walk over the whole host's table of connections.
//
// Lives on its loop; callbacks run there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "metrics/exporter_metrics.h"
#include "passive/inet_diag_socket.h"
#include "passive/namespace_problem.h"
#include "passive/namespace_records.h"
#include "passive/opener_channel.h"

namespace rtt::passive {

class OtherNamespaces {
 public:
  struct Callbacks {
    /// A namespace to dump; then dumped(). `history_counts`: NamespaceRecords::Known.
    std::function<void(InetDiagSocket socket, bool history_counts)> on_open;
    /// Ends what begin() began, exactly once, later. `complete`: the opener answered to the end.
    std::function<void(bool complete)> on_end;
    /// Why other namespaces are not polled; nothing: they are. May come at any time, repeated.
    std::function<void(std::optional<std::string> reason)> on_state;
  };

  /// `channel` and `metrics` must outlive it.
  OtherNamespaces(OpenerChannel& channel, metrics::ExporterMetrics& metrics, Callbacks callbacks);
  ~OtherNamespaces();
  OtherNamespaces(const OtherNamespaces&) = delete;
  OtherNamespaces& operator=(const OtherNamespaces&) = delete;

  /// False: there is no opener to ask, and no round begins. Precondition: no round runs.
  [[nodiscard]] bool begin();
  /// `complete`: every connection was visited; `found`: there was one.
  void dumped(bool complete, bool found);
  /// Ends the running round if it waits for the opener.
  void give_up();

  /// Rises with every answer.
  [[nodiscard]] std::uint64_t progress() const { return progress_; }
  /// Namespaces that the round covered so far; those without connections too.
  [[nodiscard]] std::size_t covered() const { return covered_; }

 private:
  void listed(const NamespaceReply& reply);
  void next();
  void opened(ReceivedReply received);
  void failed(NamespaceId id, int error_number);
  void end();
  void on_gone();
  void cannot_ask(NamespaceProblem problem, const char* reason);
  void end_early();
  void count(NamespaceProblem problem, std::uint64_t count = 1);
  void warn_once(const std::string& reason);

  OpenerChannel& channel_;
  metrics::ExporterMetrics& metrics_;
  const Callbacks callbacks_;
  NamespaceRecords records_;
  enum class State { kIdle, kAsking, kDumping } state_ = State::kIdle;
  NamespaceReply list_;
  std::uint32_t next_index_ = 0;
  NamespaceId current_;  // what on_open gave last
  std::size_t covered_ = 0;
  std::size_t denied_ = 0;  // in this round
  std::uint64_t progress_ = 0;
  std::set<std::string> warned_;
};

}  // namespace rtt::passive
