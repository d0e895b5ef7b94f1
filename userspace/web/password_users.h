// Who may read, by HTTP basic authentication (RFC 7617) against bcrypt hashes.
//
// Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtt::web {

struct PasswordClaim {
  std::string user;
  std::string password;
};

/// Of the value of the header Authorization; nothing for what is not basic authentication.
[[nodiscard]] std::optional<PasswordClaim> parse_authorization(std::string_view value);

class PasswordUsers {
 public:
  static constexpr std::size_t kMaxRemembered = 100;

  /// Name and hash; not empty, and the hashes are of a form that config::WebConfig allows.
  explicit PasswordUsers(std::vector<std::pair<std::string, std::string>> users);

  /// Computes the hash, which takes as long as the hash's cost says, also for an unknown user.
  /// Remembers what was right.
  [[nodiscard]] bool check(const PasswordClaim& claim);
  /// At once: whether check() has found it right, not too many others ago.
  [[nodiscard]] bool remembers(const PasswordClaim& claim) const;

  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& users() const {
    return users_;
  }

 private:
  // Keyed, so that neither the memory nor the time of a look-up tells a password.
  using Digest = std::array<unsigned char, 32>;
  [[nodiscard]] Digest digest(const PasswordClaim& claim) const;

  const std::vector<std::pair<std::string, std::string>> users_;
  std::array<unsigned char, 32> key_{};
  mutable std::mutex mutex_;
  std::deque<Digest> right_;  // newest last
};

}  // namespace rtt::web
