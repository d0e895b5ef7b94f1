// Whatever the text: a configuration or at least one problem, never a crash or a hang.

#include <cstdint>
#include <cstdlib>

#include "config/loader.h"
#include "unit/config/fake_methods.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rtt::config;
  static const std::vector<MethodSchema> methods = fake_methods();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = load(text, "fuzz.yml", methods);
  if (const auto* problems = std::get_if<Problems>(&result)) {
    if (problems->empty()) std::abort();
    for (const std::string& problem : *problems) {
      if (!problem.starts_with("fuzz.yml:") || problem.find('\n') != std::string::npos) {
        std::abort();
      }
    }
    return 0;
  }
  const Config& config = std::get<Config>(result);
  for (const Probe& probe : config.probes) {
    if (!probe.options || !(probe == probe)) std::abort();
  }
  for (const Target& target : config.targets) {
    if (target.name.empty() || target.name == "other") std::abort();
    for (const std::size_t index : target.probes) {
      if (index >= config.probes.size()) std::abort();
    }
  }
  return 0;
}
