// Probers of one method on their own loop inside a namespace, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/bucket_grid.h"
#include "probers/method_table.h"
#include "support/netns.h"
#include "support/nobody.h"
#include "support/setup_error.h"
#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"

namespace rtt::probers {

using namespace std::chrono_literals;
using metrics::FailureReason;
using support::Namespace;
using support::wait_until;

/// Probers of one engine in a namespace. Every look at a ledger checks that it balances.
class MethodProbers {
 public:
  /// `privileged`: otherwise the loop's thread is nobody.
  MethodProbers(const Namespace& where, Method method, const config::Probe& probe,
                const std::vector<std::string>& addresses, bool privileged = true)
      : method_(std::move(method)) {
    where.run([&] { thread_ = std::make_unique<support::LoopThread>(); });
    thread_->call([&] {
      if (!privileged) support::become_nobody();
      auto engine = method_.create_engine(thread_->loop(), metrics_);
      if (!engine) {
        error_ = engine.error().message;
        return;
      }
      engine_ = *std::move(engine);
      for (const std::string& address : addresses) {
        series_.push_back(new_series());
        probers_.push_back(engine_->create_prober(probe, series_.back()));
        probers_.back()->set_address(base::IpAddress::parse(address));
      }
    });
  }
  ~MethodProbers() {
    thread_->call([this] {
      probers_.clear();
      engine_.reset();
    });
    for (std::size_t i = 0; i < series_.size(); ++i) (void)ledger(i);
  }
  MethodProbers(const MethodProbers&) = delete;
  MethodProbers& operator=(const MethodProbers&) = delete;

  /// Why there is no engine.
  [[nodiscard]] const std::string& error() const { return error_; }

  void set_address(const std::string& address) {
    thread_->call([&] { probers_[0]->set_address(base::IpAddress::parse(address)); });
  }
  /// One probe of each prober that is not destroyed, sent together.
  void probe() {
    thread_->call([this] {
      for (const auto& prober : probers_) {
        if (prober) prober->probe();
      }
      engine_->flush();
    });
  }
  void probe_without_sending() {
    thread_->call([this] { probers_[0]->probe(); });
  }
  void flush() {
    thread_->call([this] { engine_->flush(); });
  }
  void destroy(std::size_t index = 0) {
    thread_->call([&] { probers_[index].reset(); });
  }
  /// Whether all probes have come to an end in time.
  [[nodiscard]] bool finish() {
    return wait_until([this] {
      for (std::size_t i = 0; i < series_.size(); ++i) {
        if (ledger(i).in_flight != 0) return false;
      }
      return true;
    });
  }
  void probe_and_finish() {
    probe();
    EXPECT_TRUE(finish()) << "a probe never ended";
  }

  [[nodiscard]] metrics::ProbeLedger ledger(std::size_t index = 0) const {
    const auto ledger = series_[index]->probe_snapshot().ledger;
    EXPECT_EQ(ledger.sent, ledger.replied + ledger.lost + ledger.failed_total() + ledger.in_flight);
    return ledger;
  }
  [[nodiscard]] std::uint64_t failed(FailureReason reason) const {
    return ledger().failed[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] base::nanoseconds last_rtt(std::size_t index = 0) const {
    return series_[index]->snapshot().last.value_or(base::nanoseconds(-1));
  }
  [[nodiscard]] std::size_t size() const { return series_.size(); }
  /// Of the exporter's own counters: `sample` is name and labels.
  [[nodiscard]] double counter(const std::string& sample) const {
    std::string text;
    metrics_.append_text(text);
    const auto at = text.find("\n" + sample + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size() + 2));
  }
  [[nodiscard]] double ignored(const std::string& reason) const {
    return counter("rtt_exporter_replies_ignored_total{method=\"" + name() + "\",reason=\"" +
                   reason + "\"}");
  }
  /// Probes until a round trip came from kernel timestamps, which are turned on in the background.
  [[nodiscard]] bool kernel_timestamps_come() {
    return wait_until([&] {
      const double before = fallbacks();
      const std::uint64_t replied = ledger().replied;
      probe_and_finish();
      return ledger().replied > replied && fallbacks() == before;
    });
  }
  [[nodiscard]] double fallbacks() const {
    return counter("rtt_exporter_timestamp_fallbacks_total{method=\"" + name() + "\"}");
  }

 private:
  [[nodiscard]] std::shared_ptr<metrics::ProbeSeries> new_series() const {
    static const auto grid =
        std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001, 1.0}, 3));
    return std::make_shared<metrics::ProbeSeries>(metrics::PeerLabels{"target", "peer", {}}, name(),
                                                  grid, method_.reasons, method_.features);
  }

  [[nodiscard]] std::string name() const { return std::string(method_.schema.name); }

  const Method method_;
  metrics::ExporterMetrics metrics_;
  std::string error_;
  std::vector<std::shared_ptr<metrics::ProbeSeries>> series_;
  std::unique_ptr<support::LoopThread> thread_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<Prober>> probers_;
};

}  // namespace rtt::probers
