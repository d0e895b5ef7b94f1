// What a kubelet answers, from nginx inside a namespace: the list of pods over HTTPS, to who has the token.
//
// Not thread-safe. Errors are thrown (support/setup_error.h).
#pragma once

#include <memory>
#include <string>

#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::integration {

class PodServer {
 public:
  static constexpr const char* kUrl = "https://127.0.0.1:10250/pods";

  /// Does not listen yet.
  explicit PodServer(const support::Namespace& where);

  /// Of the API's form; `items` as JSON.
  void set_pods(const std::string& items) const;
  /// Listens; whoever has not exactly this token gets a 401.
  void start(const std::string& token);
  /// The kernel still takes connections, nobody answers.
  void freeze() const { process_->freeze(); }

  [[nodiscard]] std::string ca_file() const { return directory_.path() + "/server.pem"; }
  /// Of an authority that made nothing here.
  [[nodiscard]] std::string other_ca_file() const { return directory_.path() + "/other.pem"; }
  /// Of the client.
  [[nodiscard]] std::string token_file() const { return directory_.path() + "/token"; }
  void write_token(const std::string& token) const {
    (void)directory_.write("token", token + "\n");
  }

 private:
  void make_certificate(const std::string& name) const;

  const support::Namespace& where_;
  support::TemporaryDirectory directory_;
  std::unique_ptr<support::Process> process_;
};

}  // namespace rtt::integration
