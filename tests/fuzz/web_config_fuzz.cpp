// Whatever the text: a web configuration that keeps its rules or at least one problem, never a crash.

#include <cstdint>
#include <cstdlib>

#include "config/web_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rtt::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto no_check = [](const TlsConfig&) { return std::vector<TlsProblem>(); };
  // No file is there to be read.
  const LoadedWebConfig loaded = load_web(text, "/nonexistent/fuzz.yml", no_check);
  for (const std::string& problem : loaded.problems) {
    if (!problem.starts_with("/nonexistent/fuzz.yml:") || problem.find('\n') != std::string::npos) {
      std::abort();
    }
  }
  if (!loaded.problems.empty()) return 0;
  if (const auto& tls = loaded.config.tls) {
    if (tls->certificate.empty() || tls->key.empty()) std::abort();
    if (tls->max_version < tls->min_version) std::abort();
  }
  for (const auto& [name, value] : loaded.config.headers) {
    if (name.empty() || value.empty()) std::abort();
  }
  for (const auto& [user, hash] : loaded.config.users) {
    if (user.empty() || hash.size() != 60) std::abort();
  }
  return 0;
}
