#include "passive/namespace_opener.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

namespace rtt::passive {
namespace {

// In pid 1's mount namespace too: a service's or a container's own may have none of them. Not
// /var/run: that is a link, and an absolute one leads out of pid 1's root.
constexpr std::array kMounts = {"/run/netns", "/run/docker/netns", "/proc/1/root/run/netns",
                                "/proc/1/root/run/docker/netns"};

std::string_view word(std::string_view line, std::size_t index) {
  for (; index > 0 && !line.empty(); --index) {
    line.remove_prefix(std::min(line.size(), line.find(' ')));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  }
  return line.substr(0, line.find(' '));
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

// Of the namespace that the thread is in. When it cannot be told: 1, to be looked at.
std::uint64_t established_connections(int proc) {
  const base::UniqueFd file(::openat(proc, "thread-self/net/snmp", O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer{};
  const auto length = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (length <= 0) return 1;
  return parse_established({buffer.data(), static_cast<std::size_t>(length)}).value_or(1);
}

}  // namespace

std::optional<std::uint64_t> parse_established(std::string_view snmp) {
  while (!snmp.empty()) {
    const std::string_view names = take_line(snmp);
    if (!names.starts_with("Tcp: ")) continue;
    const std::string_view values = take_line(snmp);
    for (std::size_t i = 1; !word(names, i).empty(); ++i) {
      if (word(names, i) != "CurrEstab") continue;
      const std::string_view text = word(values, i);
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      return value;
    }
    return std::nullopt;
  }
  return std::nullopt;
}

NamespaceOpener::NamespaceOpener(base::UniqueFd socket, base::UniqueFd proc, base::UniqueFd home,
                                 NamespaceId own)
    : socket_(std::move(socket)), proc_(std::move(proc)), home_(std::move(home)), own_(own) {}

base::Result<NamespaceOpener> NamespaceOpener::create(base::UniqueFd socket) {
  base::UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return base::errno_error("cannot open /proc");
  base::UniqueFd home(::openat(proc.get(), "thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home) return base::errno_error("cannot open the own network namespace");
  const auto own = namespace_id(home.get());
  if (!own) return own.error();
  return NamespaceOpener(std::move(socket), std::move(proc), std::move(home), *own);
}

bool NamespaceOpener::run() {
  while (const auto request = receive_request(socket_.get())) {
    if (!answer(*request)) return false;
  }
  return true;
}

bool NamespaceOpener::answer(const NamespaceRequest& request) {
  NamespaceReply reply;
  base::UniqueFd socket;
  if (request.kind == NamespaceRequest::Kind::kList) {
    reply = list();
  } else if (request.index < list_.entries.size()) {
    socket = open(list_.entries[request.index], reply);
    reply.kind = socket ? NamespaceReply::Kind::kOpened : NamespaceReply::Kind::kFailed;
  } else {
    reply.kind = NamespaceReply::Kind::kFailed;
    reply.error_number = EINVAL;
  }
  reply.sequence = request.sequence;
  return is_home_ && send_reply(socket_.get(), reply, socket.get());
}

NamespaceReply NamespaceOpener::list() {
  list_ = list_namespaces({.proc = proc_.get(), .mounts = kMounts}, own_);
  const std::size_t found = list_.entries.size();
  list_.entries.resize(std::min<std::size_t>(found, kMostNamespaces));
  NamespaceReply reply;
  reply.kind = NamespaceReply::Kind::kListed;
  reply.listed = static_cast<std::uint32_t>(list_.entries.size());
  reply.beyond = static_cast<std::uint32_t>(found - list_.entries.size());
  reply.unreadable = static_cast<std::uint32_t>(list_.unreadable);
  reply.has_all = list_.has_all_processes ? 1 : 0;
  return reply;
}

base::UniqueFd NamespaceOpener::open(const NamespaceList::Entry& entry, NamespaceReply& reply) {
  reply.device = entry.id.device;
  reply.inode = entry.id.inode;
  const auto failed = [&reply](int error_number) {
    reply.error_number = error_number;
    return base::UniqueFd();
  };
  const base::UniqueFd file(::openat(proc_.get(), entry.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed(errno);
  // Its process or mount is gone, and the next one of that name is elsewhere.
  const auto id = namespace_id(file.get());
  if (!id || *id != entry.id) return failed(ESRCH);
  if (::setns(file.get(), CLONE_NEWNET) != 0) return failed(errno);
  base::UniqueFd socket(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  const int error_number = errno;
  if (socket) reply.connections = established_connections(proc_.get());
  is_home_ = ::setns(home_.get(), CLONE_NEWNET) == 0;
  return socket ? std::move(socket) : failed(error_number);
}

}  // namespace rtt::passive
