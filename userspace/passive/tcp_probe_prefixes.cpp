#include "passive/tcp_probe_prefixes.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bpf/rtt_shared.h"
#include "passive/tcp_probe_requirements.h"

namespace rtt::passive {
namespace {

rtt_prefix_key key_of(const base::IpPrefix& prefix) {
  rtt_prefix_key key{};
  key.length = prefix.length_in_128();
  const auto& bytes = prefix.address().bytes();
  std::copy(bytes.begin(), bytes.end(), key.address);
  return key;
}

}  // namespace

base::Result<void> PrefixTable::put(const base::IpPrefix& prefix, std::uint32_t row) {
  const rtt_prefix_key key = key_of(prefix);
  const int status = bpf_map_update_elem(fd_, &key, &row, BPF_ANY);
  if (status != 0)
    return bpf_error("the kernel does not take prefix " + prefix.to_string(), -status);
  loaded_[prefix] = row;
  return {};
}

base::Result<void> PrefixTable::remove(const base::IpPrefix& prefix) {
  const rtt_prefix_key key = key_of(prefix);
  const int status = bpf_map_delete_elem(fd_, &key);
  if (status != 0) {
    return bpf_error("the kernel does not remove prefix " + prefix.to_string(), -status);
  }
  loaded_.erase(prefix);
  return {};
}

base::Result<bool> PrefixTable::set(const Rows& wanted) {
  bool changed = false;
  for (const auto& [prefix, row] : wanted) {
    const auto known = loaded_.find(prefix);
    if (known != loaded_.end() && known->second == row) continue;
    if (auto status = put(prefix, row); !status) return status.error();
    changed = true;
  }
  std::vector<base::IpPrefix> gone;
  for (const auto& [prefix, row] : loaded_) {
    if (!wanted.contains(prefix)) gone.push_back(prefix);
  }
  for (const auto& prefix : gone) {
    if (auto status = remove(prefix); !status) return status.error();
  }
  return changed || !gone.empty();
}

base::Result<void> set_local_ports(int fd,
                                   const std::unordered_map<std::uint16_t, std::uint32_t>& rows) {
  for (const auto& [port, row] : rows) {
    const std::uint32_t key = port;
    const int status = bpf_map_update_elem(fd, &key, &row, BPF_ANY);
    if (status != 0) {
      return bpf_error("the kernel does not take local port " + std::to_string(port), -status);
    }
  }
  return {};
}

}  // namespace rtt::passive
