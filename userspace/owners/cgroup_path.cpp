#include "owners/cgroup_path.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace rtt::owners {
namespace {

constexpr std::size_t kContainerIdLength = 64;
// systemd's UNIT_NAME_MAX, its NUL not counted.
constexpr std::size_t kMaxUnitName = 255;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool strip_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// "<id>", "docker-<id>.scope", "kubepods-pod<uid>.slice:cri-containerd:<id>". The monitor of a container
// (conmon) has a scope of the same form, but is none of it.
std::string_view container_in(std::string_view name) {
  strip_suffix(name, ".scope");
  if (name.size() < kContainerIdLength) return {};
  const std::string_view id = name.substr(name.size() - kContainerIdLength);
  const std::string_view before = name.substr(0, name.size() - kContainerIdLength);
  if (!is_hex(id) || before.ends_with("conmon-")) return {};
  return before.empty() || before.ends_with('-') || before.ends_with(':') ? id : std::string_view();
}

bool is_monitor(std::string_view name) {
  return name.ends_with(".scope") && name.find("conmon-") != std::string_view::npos;
}

// With dashes, as the API has it; a static pod's is 32 digits without them.
std::string pod_uid(std::string_view text) {
  constexpr std::array<std::size_t, 4> kDashes = {8, 13, 18, 23};
  constexpr std::size_t kLength = 36;
  if (text.size() == 32 && is_hex(text)) return std::string(text);
  if (text.size() != kLength) return {};
  std::string uid(text);
  for (const std::size_t at : kDashes) {
    if (uid[at] != '-' && uid[at] != '_') return {};
    uid[at] = '0';
  }
  if (!is_hex(uid)) return {};
  for (const std::size_t at : kDashes) uid[at] = '-';
  return uid;
}

// "kubepods-burstable-pod<uid>.slice" (driver systemd, where '-' in the uid is '_'), "pod<uid>" (cgroupfs).
std::string pod_in(std::string_view name, bool below_kubepods) {
  constexpr std::string_view kPod = "pod";
  name = name.substr(0, name.find(':'));
  if (strip_suffix(name, ".slice")) {
    const std::size_t at = name.rfind("-pod");
    const bool is_pods = at != std::string_view::npos && name.find("kubepods") < at;
    return is_pods ? pod_uid(name.substr(at + 1 + kPod.size())) : std::string();
  }
  const bool is_pods = below_kubepods && name.starts_with(kPod);
  return is_pods ? pod_uid(name.substr(kPod.size())) : std::string();
}

// As systemd's unit_name_is_valid(). Others may be no UTF-8, which no label may hold.
bool is_unit(std::string_view name) {
  const auto allowed = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view(":-_.\\@").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (name.size() > kMaxUnitName || !std::all_of(name.begin(), name.end(), allowed)) return false;
  for (const std::string_view type : {".service", ".scope", ".socket", ".mount", ".swap"}) {
    if (name.size() > type.size() && name.ends_with(type)) return true;
  }
  return false;
}

class Reader {
 public:
  void read(std::string_view name) {
    if (std::string pod = pod_in(name, below_kubepods_); !pod.empty()) {
      owner_ = {.unit = {}, .container = {}, .pod = std::move(pod)};
    }
    if (name.find("kubepods") != std::string_view::npos) below_kubepods_ = true;
    if (const std::string_view id = container_in(name); !id.empty()) {
      owner_.container = id;
      owner_.unit.clear();
    } else if (owner_.unit.empty() && is_unit(name) && !is_monitor(name)) {
      owner_.unit = name;
    }
  }
  [[nodiscard]] Owner owner() && { return std::move(owner_); }

 private:
  Owner owner_;
  bool below_kubepods_ = false;
};

}  // namespace

Owner owner_of_cgroup(std::string_view path) {
  Reader reader;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    // systemd puts '_' in front of a name that the kernel could take for a file of its own.
    if (name.starts_with('_')) name.remove_prefix(1);
    reader.read(name);
  }
  return std::move(reader).owner();
}

}  // namespace rtt::owners
