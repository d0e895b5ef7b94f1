// A TcpInfoSource on a running loop, with series for peers of one's own.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "passive/tcp_info_source.h"
#include "support/wait_until.h"
#include "targets/peer_table.h"

namespace rtt::passive {

class TcpInfoHarness {
 public:
  using SlotSeries = TcpInfoSource::SlotSeries;

  /// Polls every 20 ms once configure()d.
  TcpInfoHarness() : thread_([this] { loop_.run(); }) {}
  ~TcpInfoHarness() {
    on_loop([this] { source_.reset(); });
    loop_.stop();
    thread_.join();
  }

  void on_loop(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Names a network (CIDR) or, with a colon before it, a local port. Before configure().
  targets::Slot add_peer(const std::string& text) {
    config::Target target;
    target.name = "t" + std::to_string(config_.targets.size());
    if (text.starts_with(':')) {
      target.local_ports.push_back(static_cast<std::uint16_t>(std::stoi(text.substr(1))));
    } else {
      target.networks.push_back({text, *base::IpPrefix::parse(text)});
    }
    config_.targets.push_back(target);
    return static_cast<targets::Slot>(config_.targets.size());
  }
  targets::Slot add_peer(const base::IpAddress& address) {
    return add_peer(base::IpPrefix(address).to_string());
  }

  /// Series that exist already stay the same objects.
  void configure(base::nanoseconds interval = std::chrono::milliseconds(20)) {
    const targets::PeerTable peers(config_);
    auto next = std::make_unique<targets::Classifier>(peers, std::vector<bool>(peers.size(), true));
    while (series_.size() < peers.size()) series_.push_back(new_series(peers.peer(series_.size())));
    on_loop([&] {
      if (!source_) source_ = std::move(TcpInfoSource::create(loop_, metrics_).value());
      source_->configure(interval, *next, series_);
    });
    classifier_ = std::move(next);
  }
  void forget_peers() {
    config_.targets.clear();
    series_.resize(1);
  }

  [[nodiscard]] base::EventLoop& loop() { return loop_; }
  /// For on_loop(), after configure().
  [[nodiscard]] TcpInfoSource& source() { return *source_; }

  [[nodiscard]] metrics::Series& rtt(targets::Slot slot) { return *series_[slot].rtt; }
  [[nodiscard]] metrics::ConnectionSeries::Snapshot connections(targets::Slot slot) {
    return series_[slot].connections->snapshot();
  }
  /// 0 while it does not exist.
  [[nodiscard]] double metric(const std::string& series) { return find_metric(series).value_or(0); }
  [[nodiscard]] std::optional<double> find_metric(const std::string& series) {
    std::string text = "\n";
    metrics_.append_text(text);
    const auto found = text.find("\n" + series + " ");
    if (found == std::string::npos) return std::nullopt;
    return std::stod(text.substr(found + series.size() + 2));
  }
  [[nodiscard]] double polls() { return metric("rtt_exporter_tcp_info_polls_total"); }
  [[nodiscard]] double errors(const std::string& reason) {
    return metric("rtt_exporter_tcp_info_poll_errors_total{reason=\"" + reason + "\"}");
  }
  /// Until so many polls have begun and ended from now on.
  [[nodiscard]] bool wait_for_polls(int count = 1) {
    const double wanted = polls() + count + 1;
    return wait_until([&] { return polls() >= wanted; });
  }
  template <typename Condition>
  [[nodiscard]] static bool wait_until(Condition&& condition) {
    return support::wait_until(std::forward<Condition>(condition), std::chrono::seconds(60));
  }

 private:
  [[nodiscard]] SlotSeries new_series(const targets::Peer& peer) const {
    const metrics::PeerLabels labels{peer.target, peer.label, {}};
    return {std::make_shared<metrics::Series>(labels, "tcp_info", grid_),
            std::make_shared<metrics::ConnectionSeries>(labels, grid_)};
  }

  std::shared_ptr<const metrics::BucketGrid> grid_ = std::make_shared<const metrics::BucketGrid>(
      metrics::BucketGrid::create({0.001, 0.01}, 3).value());
  metrics::ExporterMetrics metrics_;
  config::Config config_;
  std::unique_ptr<targets::Classifier> classifier_;
  std::vector<SlotSeries> series_;
  base::EventLoop loop_;
  std::unique_ptr<TcpInfoSource> source_;
  std::thread thread_;
};

}  // namespace rtt::passive
