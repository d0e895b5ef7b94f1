#include <algorithm>
#include <array>

#include "config/map_access.h"
#include "config/read_web.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

struct HeaderRule {
  const char* name;
  std::vector<std::string> values;  // empty: any
};

// The headers that exporter-toolkit lets one set.
const std::vector<HeaderRule>& header_rules() {
  static const std::vector<HeaderRule> rules = {
      {"Content-Security-Policy", {}},         {"X-Frame-Options", {"deny", "sameorigin"}},
      {"X-Content-Type-Options", {"nosniff"}}, {"X-XSS-Protection", {}},
      {"Strict-Transport-Security", {}},
  };
  return rules;
}

std::vector<std::pair<std::string, std::string>> read_headers(MapReader& section) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, values] : header_rules()) {
    std::string value = section.string(name, "");
    if (value.empty()) continue;
    if (!values.empty() && std::ranges::find(values, value) == values.end()) {
      section.problem_at(
          name, in_quotes(name) + " is " + in_quotes(value) + "; allowed: " + listed(values));
      continue;
    }
    headers.emplace_back(name, std::move(value));
  }
  return headers;
}

// "$2b$10$", 22 characters of salt, 31 of hash.
bool is_bcrypt_hash(std::string_view text) {
  constexpr std::size_t kPrefix = 7;
  constexpr std::size_t kLength = kPrefix + 22 + 31;
  if (text.size() != kLength) return false;
  const std::string_view variant = text.substr(0, 4);
  if (variant != "$2a$" && variant != "$2b$" && variant != "$2y$") return false;
  const std::string_view cost = text.substr(4, 2);
  if (cost < "04" || cost > "31" || cost[1] < '0' || cost[1] > '9' || text[6] != '$') return false;
  return std::ranges::all_of(text.substr(kPrefix), [](char c) {
    return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

bool is_user_name(std::string_view name) {
  return !name.empty() && name.find(':') == std::string_view::npos &&
         std::ranges::none_of(name, is_control);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_http_server(MapReader& root) {
  std::vector<std::pair<std::string, std::string>> headers;
  read_section(root, "http_server_config", [&](MapReader& section) {
    // Clients that can HTTP/2 find by ALPN that this server has HTTP/1.1.
    (void)section.boolean("http2", true);
    read_section(section, "headers", [&](MapReader& map) { headers = read_headers(map); });
  });
  return headers;
}

std::vector<std::pair<std::string, std::string>> read_users(MapReader& root) {
  std::vector<std::pair<std::string, std::string>> users;
  const Node* const mapping = Loader::take_mapping(root, "basic_auth_users");
  if (mapping == nullptr) return users;
  ProblemList& problems = Loader::problems(root);
  for (const Node::Entry& user : mapping->entries) {
    if (!is_user_name(user.key)) {
      problems.add(user.key_place,
                   in_quotes(user.key) + " is not a user name; allowed: one line without ':'");
    }
    const auto hash = to_text(*user.value);
    if (!hash || !is_bcrypt_hash(*hash)) {
      problems.add(user.key_place,
                   "the password of user " + in_quotes(user.key) +
                       " is not a bcrypt hash; allowed: $2a$, $2b$ or $2y$ with a cost from 04 to "
                       "31, as from 'htpasswd -nBC 10 USER'");
      continue;
    }
    users.emplace_back(user.key, *hash);
  }
  return users;
}

}  // namespace rtt::config
