// The one part that enters other network namespaces: it lists them, and makes sockets inside them
// for the daemon, which asks over a Unix pair (namespace_protocol.h).
//
// Runs in a process of its own (app/opener_process.h), because entering takes CAP_SYS_ADMIN in the
// namespace's owning user namespace, and finding them CAP_SYS_PTRACE. It keeps nothing of another
// namespace open, since what is open there keeps a namespace, and with it its interfaces, alive.
// Not thread-safe: moves the calling thread between namespaces.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "passive/namespace_list.h"
#include "passive/namespace_protocol.h"

namespace rtt::passive {

/// "Tcp: CurrEstab" in the text of /proc/net/snmp.
[[nodiscard]] std::optional<std::uint64_t> parse_established(std::string_view snmp);

class NamespaceOpener {
 public:
  /// For requests from `socket`. Error: there is no /proc.
  [[nodiscard]] static base::Result<NamespaceOpener> create(base::UniqueFd socket);

  /// Serves until the other end closes; false: it ended on an error.
  [[nodiscard]] bool run();

 private:
  NamespaceOpener(base::UniqueFd socket, base::UniqueFd proc, base::UniqueFd home, NamespaceId own);

  [[nodiscard]] bool answer(const NamespaceRequest& request);
  [[nodiscard]] NamespaceReply list();
  // The socket, or nothing with the reason in `reply`.
  [[nodiscard]] base::UniqueFd open(const NamespaceList::Entry& entry, NamespaceReply& reply);

  base::UniqueFd socket_;
  base::UniqueFd proc_;
  base::UniqueFd home_;
  NamespaceId own_;
  NamespaceList list_;
  bool is_home_ = true;
};

}  // namespace rtt::passive
