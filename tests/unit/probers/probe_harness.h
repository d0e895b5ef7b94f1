// A prober under test on its own loop, with its series and a ledger that is checked.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "metrics/bucket_grid.h"
#include "probers/method_table.h"
#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"

namespace rtt::probers {

class ProbeHarness {
 public:
  ProbeHarness(const Method& method, std::shared_ptr<const config::MethodOptions> options,
               base::nanoseconds timeout)
      : series_(std::make_shared<metrics::ProbeSeries>(
            metrics::PeerLabels{"target", "peer", {}}, std::string(method.schema.name),
            std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001, 1.0}, 3)),
            method.reasons, method.features)) {
    config::Probe probe;
    probe.timeout = timeout;
    probe.options = std::move(options);
    thread_.call([&] {
      engine_ = std::move(*method.create_engine(thread_.loop(), metrics_));
      prober_ = engine_->create_prober(probe, series_);
    });
  }
  ~ProbeHarness() {
    destroy_prober();
    thread_.call([this] { engine_.reset(); });
    check_balance();
  }

  void set_address(std::optional<base::IpAddress> address) {
    thread_.call([&] { prober_->set_address(address); });
  }
  void set_address(const char* literal) { set_address(base::IpAddress::parse(literal)); }
  void probe() {
    thread_.call([this] { prober_->probe(); });
  }
  void destroy_prober() {
    thread_.call([this] { prober_.reset(); });
  }
  /// Nothing else happens on the loop while it runs.
  template <typename Function>
  auto on_loop(Function&& function) {
    return thread_.call(std::forward<Function>(function));
  }

  [[nodiscard]] metrics::ProbeLedger ledger() {
    const auto ledger = series_->probe_snapshot().ledger;
    check_balance();
    return ledger;
  }
  [[nodiscard]] std::uint64_t failed(metrics::FailureReason reason) {
    return ledger().failed[static_cast<std::size_t>(reason)];
  }
  /// Whether the exporter's own metrics contain this line.
  [[nodiscard]] bool shows(const std::string& line) const {
    std::string text;
    metrics_.append_text(text);
    return text.find("\n" + line + "\n") != std::string::npos;
  }
  /// Observations in the histogram.
  [[nodiscard]] std::uint64_t observed() const { return series_->snapshot().histogram.count(); }
  /// Precondition: a method that has it.
  [[nodiscard]] metrics::HttpSeries& http() { return *series_->http(); }
  [[nodiscard]] base::nanoseconds last_rtt() const {
    return series_->snapshot().last.value_or(base::nanoseconds(-1));
  }
  /// Whether every probe came to its end in time.
  [[nodiscard]] bool finish() {
    return support::wait_until([this] { return ledger().in_flight == 0; });
  }
  void probe_and_finish() {
    probe();
    ASSERT_TRUE(finish()) << "the probe never ended";
  }

 private:
  void check_balance() {
    const auto ledger = series_->probe_snapshot().ledger;
    EXPECT_EQ(ledger.sent, ledger.replied + ledger.lost + ledger.failed_total() + ledger.in_flight);
  }

  metrics::ExporterMetrics metrics_;
  std::shared_ptr<metrics::ProbeSeries> series_;
  support::LoopThread thread_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Prober> prober_;
};

}  // namespace rtt::probers
