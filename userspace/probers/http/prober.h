// Measures the time from the first byte of a GET to the first byte of its response.
//
// A probe is answered when the whole response came in time, with a status that is valid and a body that is not too
// large. An answer that came but is not valid counts its round trip as well. On a kept connection one request runs
// at a time: while it is busy, others take a new one, which is closed afterwards. Downloads (download_round.h) begin
// when a probe has ended.
#pragma once

#include <list>
#include <memory>

#include "probers/http/download_round.h"
#include "probers/http/engine.h"
#include "probers/http/options.h"
#include "probers/http/transfer.h"
#include "probers/prober.h"

namespace rtt::probers::http {

class HttpProber final : public Prober {
 public:
  /// As many requests a prober has at most; a probe beyond them fails, reason "send_error".
  static constexpr std::size_t kMaxInFlight = 64;

  /// `engine` must outlive the prober.
  HttpProber(HttpEngine& engine, std::shared_ptr<const Options> options, base::nanoseconds timeout,
             std::shared_ptr<metrics::ProbeSeries> series);
  ~HttpProber() override;

  void set_address(std::optional<base::IpAddress> address) override;
  void probe() override;

 private:
  using Transfers = std::list<Transfer>;

  void start();
  [[nodiscard]] Transfer::Plan plan(const Request& request) const;
  void on_end(Transfers::iterator transfer, const Ended& ended);
  void count(const Ended& ended);
  void observe_phases(const Ended& ended);
  void follow_interface();
  void change_pool();
  void download_if_due();
  void start_download();

  HttpEngine& engine_;
  const std::shared_ptr<const Options> options_;
  const base::nanoseconds timeout_;
  const std::shared_ptr<metrics::ProbeSeries> series_;
  const Request request_;
  const Request download_request_;
  const std::shared_ptr<Multi> multi_;
  std::optional<base::IpAddress> address_;
  PoolId pool_;
  unsigned interface_index_;
  Transfers transfers_;
  bool kept_is_busy_ = false;

  std::unique_ptr<DownloadRound> round_;
  bool is_queued_ = false;
  base::TimePoint next_download_{};
  std::size_t downloads_started_ = 0;
};

}  // namespace rtt::probers::http
