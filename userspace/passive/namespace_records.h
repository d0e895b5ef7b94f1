// What is known of other network namespaces between two polls: whether a connection that is new to
// us is new, and which namespaces are worth a dump.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>

#include "passive/namespace_list.h"

namespace rtt::passive {

class NamespaceRecords {
 public:
  void begin_round();

  struct Known {
    /// Connections that show up now began since the last look, so that all they sent counts. False
    /// where nobody looked before.
    bool history_counts = false;
    bool had_connections = false;  // at the last look
  };
  [[nodiscard]] Known find(NamespaceId id) const;
  /// What this round's look gave. `complete`: every connection was seen.
  void note(NamespaceId id, bool complete, bool has_connections);

  /// All namespaces were had. `whole`: no namespace was left out. Forgets those that are gone.
  void end_round(bool whole);
  /// The round was broken off, or there was none: what is found next may be old.
  void forget();

  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Record {
    std::uint64_t round = 0;
    bool complete = false;
    bool has_connections = false;
  };

  std::map<NamespaceId, Record> records_;
  std::uint64_t round_ = 0;
  bool last_was_whole_ = false;
};

}  // namespace rtt::passive
