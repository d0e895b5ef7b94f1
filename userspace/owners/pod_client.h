// Asks the kubelet or the API server for the pods, on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "config/config.h"
#include "owners/pod_list.h"

namespace rtt::owners {

enum class PodFailure {
  kFile,       // the token or the certificates of the authority cannot be read
  kConnect,    // name, address, connection
  kTls,        // the certificate is not the server's, or not of that authority
  kTimeout,    // no whole answer within 10 s
  kStatus,     // not 200: the token is not accepted, or has no right to see pods
  kTooLarge,   // more than kMaxPodListBytes
  kMalformed,  // no PodList
  kCount
};
[[nodiscard]] std::string_view to_string(PodFailure failure);

class PodClient {
 public:
  struct Failure {
    PodFailure reason;
    std::string text;
  };
  using Answer = std::variant<PodList, Failure>;

  /// `on_answer` runs on the thread of the client, once for each ask().
  PodClient(config::Kubernetes server, std::function<void(Answer)> on_answer);
  /// Waits for neither server nor name service.
  ~PodClient();
  PodClient(const PodClient&) = delete;
  PodClient& operator=(const PodClient&) = delete;

  /// Thread-safe. Precondition: the last one has been answered. The token is read anew each time: Kubernetes
  /// replaces it about once an hour.
  void ask();

 private:
  class Transfer;
  void run();

  const config::Kubernetes server_;
  const std::function<void(Answer)> on_answer_;
  const std::unique_ptr<Transfer> transfer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rtt::owners
