#include "web/password_users.h"

#include <crypt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/random.h"

namespace rtt::web {
namespace {

constexpr std::size_t kHashLength = 31;  // the end of the text; before it version, cost and salt

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && gnutls_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool matches(const std::string& password, const std::string& hash) {
  const auto state = std::make_unique<crypt_data>();
  const char* const computed = crypt_r(password.c_str(), hash.c_str(), state.get());
  const bool same =
      computed != nullptr && std::strlen(computed) == hash.size() &&
      equal_in_constant_time(std::string_view(computed).substr(hash.size() - kHashLength),
                             std::string_view(hash).substr(hash.size() - kHashLength));
  gnutls_memset(state.get(), 0, sizeof *state);
  return same;
}

bool skip_scheme(std::string_view& value) {
  constexpr std::string_view kScheme = "basic ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  if (value.size() < kScheme.size() ||
      !std::ranges::equal(value.substr(0, kScheme.size()), kScheme, same)) {
    return false;
  }
  value.remove_prefix(std::min(value.find_first_not_of(' ', kScheme.size()), value.size()));
  return true;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string copy(text);
  const gnutls_datum_t encoded = {reinterpret_cast<unsigned char*>(copy.data()),
                                  static_cast<unsigned>(copy.size())};
  gnutls_datum_t decoded{};
  if (gnutls_base64_decode2(&encoded, &decoded) < 0) return std::nullopt;
  std::string result(reinterpret_cast<const char*>(decoded.data), decoded.size);
  gnutls_free(decoded.data);
  return result;
}

}  // namespace

std::optional<PasswordClaim> parse_authorization(std::string_view value) {
  if (!skip_scheme(value)) return std::nullopt;
  const auto text = decode_base64(value);
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return PasswordClaim{text->substr(0, colon), text->substr(colon + 1)};
}

PasswordUsers::PasswordUsers(std::vector<std::pair<std::string, std::string>> users)
    : users_(std::move(users)) {
  for (std::size_t i = 0; i < key_.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t random = base::random_u64();
    std::memcpy(key_.data() + i, &random, sizeof random);
  }
}

bool PasswordUsers::check(const PasswordClaim& claim) {
  const auto user =
      std::ranges::find(users_, claim.user, &std::pair<std::string, std::string>::first);
  const bool known = user != users_.end();
  // A name that is unknown costs what one of the known ones does, and always the same.
  const std::string& hash =
      known ? user->second : users_[digest({claim.user, ""})[0] % users_.size()].second;
  // crypt would end the password at a null byte.
  const bool whole = claim.password.find('\0') == std::string::npos;
  if (!matches(claim.password, hash) || !known || !whole) return false;
  const std::lock_guard lock(mutex_);
  if (right_.size() == kMaxRemembered) right_.pop_front();
  right_.push_back(digest(claim));
  return true;
}

bool PasswordUsers::remembers(const PasswordClaim& claim) const {
  const Digest digest = this->digest(claim);
  const std::lock_guard lock(mutex_);
  return std::ranges::find(right_, digest) != right_.end();
}

PasswordUsers::Digest PasswordUsers::digest(const PasswordClaim& claim) const {
  // A user name has no colon, so that two claims never are the same text.
  const std::string text = claim.user + ":" + claim.password;
  Digest digest{};
  gnutls_hmac_fast(GNUTLS_MAC_SHA256, key_.data(), key_.size(), text.data(), text.size(),
                   digest.data());
  return digest;
}

}  // namespace rtt::web
