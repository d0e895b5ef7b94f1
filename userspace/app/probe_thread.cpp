#include "app/probe_thread.h"

#include <future>
#include <utility>

namespace rtt::app {

ProbeThread::ProbeThread(metrics::ExporterMetrics& metrics,
                         probers::ProbeRunner::OnMethod on_method)
    : metrics_(metrics), thread_([this] { loop_.run(); }) {
  call([&] {
    runner_ = std::make_unique<probers::ProbeRunner>(loop_, metrics_, std::move(on_method));
  });
}

ProbeThread::~ProbeThread() {
  call([this] {
    runner_.reset();
    echo_server_.reset();
  });
  loop_.stop();
  thread_.join();
}

base::Result<void> ProbeThread::start_echo_server(std::span<const base::ListenAddress> listen) {
  std::optional<base::Error> error;
  call([&] {
    auto created = echo_server::EchoServer::create(loop_, metrics_, listen);
    if (created) {
      echo_server_ = std::move(*created);
    } else {
      error = created.error();
    }
  });
  if (error) return *std::move(error);
  return {};
}

void ProbeThread::set_probes(const std::vector<probers::PlannedProbe>& probes) {
  call([&] { runner_->set_probes(probes); });
}

void ProbeThread::set_address(const std::string& host, const base::IpAddress& address) {
  loop_.post([this, host, address] { runner_->set_address(host, address); });
}

void ProbeThread::call(const std::function<void()>& function) {
  std::promise<void> done;
  loop_.post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace rtt::app
