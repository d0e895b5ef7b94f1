// Names the pods that cgroups belong to: asks who knows them when one shows up that is not known.
//
// Lives on its loop; callbacks run there, of an owner also from inside come().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "owners/pod_client.h"
#include "owners/pod_naming.h"

namespace rtt::owners {

class PodWatch {
 public:
  struct Callbacks {
    PodNaming::OnOwner on_owner;
    /// After each answer: why there was none; nothing: there was.
    std::function<void(std::optional<std::string> reason)> on_state;
  };

  /// Asks a first time. `loop` and `metrics` must outlive it.
  PodWatch(base::EventLoop& loop, metrics::ExporterMetrics& metrics, config::Kubernetes server,
           Callbacks callbacks);
  ~PodWatch();
  PodWatch(const PodWatch&) = delete;
  PodWatch& operator=(const PodWatch&) = delete;

  /// A cgroup with `owner.pod`, a uid.
  void come(std::uint64_t cgroup, Owner owner);
  void go(std::uint64_t cgroup);

 private:
  void ask();
  void plan_request(bool helped);
  void lose_patience();
  void receive(PodClient::Answer answer);
  bool take(PodClient::Answer answer);
  void show() const;

  metrics::ExporterMetrics& metrics_;
  const Callbacks callbacks_;
  const base::nanoseconds interval_;
  PodNaming naming_;
  base::nanoseconds pause_;
  base::TimePoint asked_;
  bool asking_ = false;
  bool failed_ = false;  // the last request
  bool is_patient_ = false;
  base::Timer request_;
  base::Timer patience_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  PodClient client_;  // its thread ends before anything else does
};

}  // namespace rtt::owners
