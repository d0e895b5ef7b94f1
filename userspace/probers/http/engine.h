// What all http probers share: curl, and the multi handles that their transfers run on.
#pragma once

#include <memory>
#include <vector>

#include "probers/http/download_queue.h"
#include "probers/http/multi.h"
#include "probers/prober.h"
#include "probers/socket_options.h"

namespace rtt::probers::http {

class HttpEngine final : public Engine {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics);

  std::unique_ptr<Prober> create_prober(const config::Probe& probe,
                                        std::shared_ptr<metrics::ProbeSeries> series) override;

  /// Shared by at most this many probers, each with one kept connection: once a second curl asks every one of them
  /// whether it still lives, which must not hold the loop.
  static constexpr long kProbersPerMulti = 256;

  /// Null when there is no memory.
  [[nodiscard]] std::shared_ptr<Multi> multi();
  [[nodiscard]] PoolId new_pool() { return ++last_pool_; }
  [[nodiscard]] DownloadQueue& downloads() { return downloads_; }
  [[nodiscard]] RefusalLog& refusals() { return refusals_; }

 private:
  explicit HttpEngine(base::EventLoop& loop) : loop_(loop) {}

  base::EventLoop& loop_;
  std::vector<std::weak_ptr<Multi>> multis_;
  PoolId last_pool_ = 0;
  DownloadQueue downloads_;
  RefusalLog refusals_{"http"};
};

}  // namespace rtt::probers::http
