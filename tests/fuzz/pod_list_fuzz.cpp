// Whatever the text: names that labels may hold, or an error, never a crash or a hang.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "owners/pod_list.h"

namespace {

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = rtt::owners::parse_pod_list({reinterpret_cast<const char*>(data), size});
  if (!list) {
    if (list.error().message.empty()) std::abort();
    return 0;
  }
  for (const auto& [uid, name] : list->by_uid) {
    if (!is_plain(uid) || !is_plain(name.name) || !is_plain(name.name_space)) std::abort();
  }
  return 0;
}
