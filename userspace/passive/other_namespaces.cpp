#include "passive/other_namespaces.h"

#include <cassert>
#include <cerrno>
#include <utility>

#include "base/logging.h"

namespace rtt::passive {
namespace {

constexpr metrics::FamilyInfo kErrors{
    "rtt_exporter_tcp_info_namespace_errors_total",
    "What went wrong with the polling of other network namespaces, by reason; the next poll tries "
    "again."};

constexpr const char* kGone =
    "the process that opens network namespaces has ended; only a restart starts another";
constexpr const char* kNoAnswer = "the process that opens network namespaces does not answer";

}  // namespace

OtherNamespaces::OtherNamespaces(OpenerChannel& channel, metrics::ExporterMetrics& metrics,
                                 Callbacks callbacks)
    : channel_(channel), metrics_(metrics), callbacks_(std::move(callbacks)) {
  for (int i = 0; i < static_cast<int>(NamespaceProblem::kCount); ++i) {
    count(static_cast<NamespaceProblem>(i), 0);
  }
  channel_.set_on_gone([this] { on_gone(); });
}

OtherNamespaces::~OtherNamespaces() {
  channel_.forget();
  channel_.set_on_gone(nullptr);
}

bool OtherNamespaces::begin() {
  assert(state_ == State::kIdle);
  if (channel_.gone()) cannot_ask(NamespaceProblem::kOpenerGone, kGone);
  if (channel_.busy()) cannot_ask(NamespaceProblem::kNoAnswer, kNoAnswer);
  if (channel_.gone() || channel_.busy()) return false;
  state_ = State::kAsking;
  covered_ = 0;
  denied_ = 0;
  records_.begin_round();
  channel_.ask(NamespaceRequest::Kind::kList, 0,
               [this](const ReceivedReply& received) { listed(received.reply); });
  return true;
}

void OtherNamespaces::listed(const NamespaceReply& reply) {
  ++progress_;
  list_ = reply;
  next_index_ = 0;
  count(NamespaceProblem::kUnreadable, reply.unreadable);
  count(NamespaceProblem::kLimit, reply.beyond);
  if (reply.beyond > 0) {
    warn_once("there are more than " + std::to_string(kMostNamespaces));
  }
  if (reply.has_all == 0) {
    count(NamespaceProblem::kProcessLimit);
    warn_once("there are more processes than are looked at");
  }
  next();
}

void OtherNamespaces::next() {
  if (next_index_ == list_.listed) return end();
  state_ = State::kAsking;
  channel_.ask(NamespaceRequest::Kind::kOpen, next_index_++,
               [this](ReceivedReply received) { opened(std::move(received)); });
}

void OtherNamespaces::opened(ReceivedReply received) {
  ++progress_;
  const NamespaceReply& reply = received.reply;
  const NamespaceId id{reply.device, reply.inode};
  if (received.status == ReceivedReply::Status::kNoDescriptors) {
    failed(id, EMFILE);
  } else if (reply.kind != NamespaceReply::Kind::kOpened) {
    failed(id, reply.error_number);
  } else {
    const auto known = records_.find(id);
    if (reply.connections != 0 || known.had_connections) {
      auto socket = InetDiagSocket::adopt(std::move(received.socket));
      if (socket) {
        current_ = id;
        state_ = State::kDumping;
        return callbacks_.on_open(std::move(*socket), known.history_counts);
      }
      warn_once(socket.error().message);
      failed(id, 0);
    } else {
      records_.note(id, true, false);
      ++covered_;
    }
  }
  next();
}

// One that ended is forgotten with the others that are gone.
void OtherNamespaces::failed(NamespaceId id, int error_number) {
  const NamespaceProblem problem = namespace_problem(error_number);
  count(problem);
  if (problem == NamespaceProblem::kEnded) return;
  if (problem == NamespaceProblem::kDenied) ++denied_;
  records_.note(id, false, records_.find(id).had_connections);
  if (error_number != 0) {
    warn_once(base::errno_error("cannot enter a network namespace", error_number).message);
  }
}

void OtherNamespaces::dumped(bool complete, bool found) {
  assert(state_ == State::kDumping);
  records_.note(current_, complete, found);
  if (complete) ++covered_;
  if (channel_.gone()) {
    end_early();
  } else {
    next();
  }
}

void OtherNamespaces::end() {
  records_.end_round(list_.beyond == 0 && list_.has_all != 0);
  state_ = State::kIdle;
  const bool none_may_be_entered = covered_ == 0 && denied_ > 0;
  callbacks_.on_state(none_may_be_entered
                          ? std::optional("none of the " + std::to_string(denied_) +
                                          " other network namespaces may be entered")
                          : std::nullopt);
  callbacks_.on_end(true);
}

void OtherNamespaces::give_up() {
  if (state_ != State::kAsking) return;
  channel_.forget();
  cannot_ask(NamespaceProblem::kNoAnswer, kNoAnswer);
  end_early();
}

// A dump under way goes to its end.
void OtherNamespaces::on_gone() {
  cannot_ask(NamespaceProblem::kOpenerGone, kGone);
  if (state_ == State::kAsking) end_early();
}

void OtherNamespaces::cannot_ask(NamespaceProblem problem, const char* reason) {
  count(problem);
  records_.forget();
  callbacks_.on_state(reason);
}

void OtherNamespaces::end_early() {
  records_.forget();
  state_ = State::kIdle;
  callbacks_.on_end(false);
}

void OtherNamespaces::count(NamespaceProblem problem, std::uint64_t count) {
  metrics_.add_counter(kErrors, {{"reason", std::string(to_string(problem))}},
                       static_cast<double>(count));
}

void OtherNamespaces::warn_once(const std::string& reason) {
  if (!warned_.insert(reason).second) return;
  base::log_warn("not all network namespaces are polled", {{"reason", reason}});
}

}  // namespace rtt::passive
