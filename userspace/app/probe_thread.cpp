#include "app/probe_thread.h"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <future>
#include <utility>

namespace rtt::app {
namespace {

// So many start within a millisecond.
constexpr std::size_t kPortion = 32;

}  // namespace

ProbeThread::ProbeThread(metrics::ExporterMetrics& metrics,
                         probers::ProbeRunner::OnMethod on_method)
    : metrics_(metrics), thread_([this] { loop_.run(); }) {
  pthread_setname_np(thread_.native_handle(), "probe_loop");
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

void ProbeThread::start_echo_server(std::vector<echo_server::BoundSockets> sockets) {
  call(
      [&] { echo_server_ = echo_server::EchoServer::create(loop_, metrics_, std::move(sockets)); });
}

void ProbeThread::set_probes(std::span<const probers::PlannedProbe> probes) {
  while (!probes.empty()) {
    const auto portion = probes.first(std::min(probes.size(), kPortion));
    call([&] { runner_->plan(portion); });
    probes = probes.subspan(portion.size());
  }
  for (bool more = true; more;) {
    call([&] { more = runner_->drop_unplanned(kPortion); });
  }
}

void ProbeThread::set_addresses(const std::string& host, std::vector<base::IpAddress> addresses) {
  loop_.post(
      [this, host, addresses = std::move(addresses)] { runner_->set_addresses(host, addresses); });
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
