#include "passive/tcp_probe_requirements.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace rtt::passive {
namespace {

constexpr const char* kKernelBtf = "/sys/kernel/btf/vmlinux";

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return 0;
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

bool may_load_tracing_programs() {
  const std::uint64_t held = effective_capabilities();
  const auto has = [held](int capability) { return (held >> capability & 1) != 0; };
  return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
}

}  // namespace

base::Result<void> check_bpf_requirements() {
  if (!may_load_tracing_programs()) {
    return base::Error{
        "loading BPF programs needs the capabilities CAP_BPF and CAP_PERFMON (or root)"};
  }
  if (access(kKernelBtf, R_OK) != 0) {
    return base::Error{std::string("the kernel has no BTF (") + kKernelBtf +
                       "); it must be built with CONFIG_DEBUG_INFO_BTF"};
  }
  return {};
}

base::Error bpf_error(std::string_view what, int error_number) {
  base::Error error = base::errno_error(what, error_number);
  if (error_number == EPERM) {
    error.message +=
        " (a user namespace, a security module or kernel lockdown forbids BPF here, or, before "
        "Linux "
        "5.11, RLIMIT_MEMLOCK is too low)";
  }
  return error;
}

}  // namespace rtt::passive
