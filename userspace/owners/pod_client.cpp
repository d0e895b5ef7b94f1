#include "owners/pod_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "config/read_file.h"

namespace rtt::owners {
namespace {

constexpr long kTimeoutMs = 10'000;
constexpr int kPollMs = 1'000;
constexpr std::size_t kMaxTokenBytes = std::size_t{64} << 10U;
constexpr long kOk = 200;

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

PodFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return PodFailure::kTimeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      return PodFailure::kTls;
    case CURLE_SSL_CACERT_BADFILE:
      return PodFailure::kFile;
    case CURLE_WRITE_ERROR:
    case CURLE_FILESIZE_EXCEEDED:
      return PodFailure::kTooLarge;
    default:
      return PodFailure::kConnect;
  }
}

// Nothing that could end the header's line and begin another.
base::Result<std::string> read_token(const std::string& path) {
  auto token = config::read_regular_file(path, kMaxTokenBytes);
  if (!token) return token;
  token->erase(token->find_last_not_of(" \t\r\n") + 1);
  const bool printable = std::all_of(token->begin(), token->end(),
                                     [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (token->empty() || !printable) return base::Error{path + ": no token"};
  return token;
}

std::size_t append(const char* data, std::size_t one, std::size_t size, void* text) {
  auto& body = *static_cast<std::string*>(text);
  if (size > kMaxPodListBytes - body.size()) return 0;
  body.append(data, size);
  return one * size;
}

PodClient::Failure explain(CURLcode code, const char* text) {
  const PodFailure reason = failure_of(code);
  if (reason == PodFailure::kTooLarge) return {reason, "the list of pods is larger than 16 MiB"};
  return {reason, *text == '\0' ? curl_easy_strerror(code) : text};
}

}  // namespace

// curl_multi_poll() waits, because curl_multi_wakeup() can end it from another thread.
class PodClient::Transfer {
 public:
  explicit Transfer(const config::Kubernetes& server) : server_(server) {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (initialized == CURLE_OK) multi_.reset(curl_multi_init());
  }

  void stop() {
    stopping_ = true;
    if (multi_) curl_multi_wakeup(multi_.get());
  }

  Answer get() {
    const auto token = read_token(server_.token_file);
    if (!token) return Failure{PodFailure::kFile, token.error().message};
    const std::unique_ptr<CURL, FreeEasy> easy(multi_ ? curl_easy_init() : nullptr);
    const std::unique_ptr<curl_slist, FreeList> headers(
        curl_slist_append(nullptr, "Accept: application/json"));
    if (!easy || !headers) return Failure{PodFailure::kConnect, "curl does not start"};
    std::string body;
    std::array<char, CURL_ERROR_SIZE> error{};
    prepare(easy.get(), *token);
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, error.data());
    const CURLcode code = perform(easy.get());
    if (code != CURLE_OK) return explain(code, error.data());
    return read(easy.get(), body);
  }

 private:
  void prepare(CURL* easy, const std::string& token) const {
    curl_easy_setopt(easy, CURLOPT_URL, server_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(easy, CURLOPT_CAINFO, server_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token.c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, kTimeoutMs);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // An abandoned name lookup is not waited for.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
  }

  CURLcode perform(CURL* easy) {
    if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) return CURLE_FAILED_INIT;
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    for (int running = 1; running > 0 && !stopping_;) {
      const bool works =
          curl_multi_perform(multi_.get(), &running) == CURLM_OK &&
          (running == 0 || curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr) == CURLM_OK);
      if (!works) break;
    }
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) result = message->data.result;
    }
    curl_multi_remove_handle(multi_.get(), easy);
    return result;
  }

  Answer read(CURL* easy, const std::string& body) const {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != kOk) {
      const char* const hint = status == 401   ? ": the token is not accepted"
                               : status == 403 ? ": the token has no right to see pods"
                                               : "";
      return Failure{PodFailure::kStatus,
                     "the server answers with status " + std::to_string(status) + hint};
    }
    auto list = parse_pod_list(body);
    if (!list) return Failure{PodFailure::kMalformed, list.error().message};
    return *std::move(list);
  }

  const config::Kubernetes& server_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::atomic<bool> stopping_ = false;
};

std::string_view to_string(PodFailure failure) {
  switch (failure) {
    case PodFailure::kFile:
      return "file";
    case PodFailure::kConnect:
      return "connect";
    case PodFailure::kTls:
      return "tls";
    case PodFailure::kTimeout:
      return "timeout";
    case PodFailure::kStatus:
      return "status";
    case PodFailure::kTooLarge:
      return "too_large";
    case PodFailure::kMalformed:
      return "malformed";
    case PodFailure::kCount:
      break;
  }
  return "";
}

PodClient::PodClient(config::Kubernetes server, std::function<void(Answer)> on_answer)
    : server_(std::move(server)),
      on_answer_(std::move(on_answer)),
      transfer_(std::make_unique<Transfer>(server_)),
      thread_([this] { run(); }) {}

PodClient::~PodClient() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  transfer_->stop();
  thread_.join();
}

void PodClient::ask() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void PodClient::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    on_answer_(transfer_->get());
    lock.lock();
  }
}

}  // namespace rtt::owners
