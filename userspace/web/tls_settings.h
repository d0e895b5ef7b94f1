// The server's side of TLS, ready for sessions: certificate, versions, and whom it lets in.
//
// Wraps GnuTLS. Immutable and thread-safe.
#pragma once

#include <gnutls/gnutls.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/web_config.h"

namespace rtt::web {

/// What is wrong with the PEM texts, and whether they fit each other. A text that is empty is not
/// looked at.
[[nodiscard]] std::vector<config::TlsProblem> check_tls(const config::TlsConfig& config);

class TlsSettings {
 public:
  /// Precondition: check_tls() finds nothing. Error: what GnuTLS refuses nevertheless.
  [[nodiscard]] static base::Result<std::shared_ptr<const TlsSettings>> create(
      config::TlsConfig config);

  /// For a session whose handshake has not begun. This must outlive the session. The handshake calls
  /// `verify` when it knows the client's certificate, or that there is none; it should call
  /// accepts().
  void apply(gnutls_session_t session, gnutls_certificate_verify_function* verify) const;
  /// Whether what the client has shown lets it in.
  [[nodiscard]] bool accepts(gnutls_session_t session) const;

  [[nodiscard]] const config::TlsConfig& config() const { return config_; }

 private:
  struct FreeCredentials {
    void operator()(gnutls_certificate_credentials_t credentials) const {
      gnutls_certificate_free_credentials(credentials);
    }
  };
  struct FreePriorities {
    void operator()(gnutls_priority_t priorities) const { gnutls_priority_deinit(priorities); }
  };
  using Credentials =
      std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>, FreeCredentials>;
  using Priorities = std::unique_ptr<std::remove_pointer_t<gnutls_priority_t>, FreePriorities>;

  TlsSettings(config::TlsConfig config, Credentials credentials, Priorities priorities);

  const config::TlsConfig config_;
  const Credentials credentials_;
  const Priorities priorities_;
};

}  // namespace rtt::web
