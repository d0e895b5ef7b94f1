#include "passive/namespace_records.h"

namespace rtt::passive {

void NamespaceRecords::begin_round() { ++round_; }

NamespaceRecords::Known NamespaceRecords::find(NamespaceId id) const {
  const auto found = records_.find(id);
  if (found == records_.end()) return {.history_counts = last_was_whole_};
  const Record& record = found->second;
  return {.history_counts = record.complete, .had_connections = record.has_connections};
}

void NamespaceRecords::note(NamespaceId id, bool complete, bool has_connections) {
  records_[id] = {round_, complete, has_connections};
}

void NamespaceRecords::end_round(bool whole) {
  std::erase_if(records_, [this](const auto& entry) { return entry.second.round != round_; });
  last_was_whole_ = whole;
}

void NamespaceRecords::forget() {
  records_.clear();
  last_was_whole_ = false;
}

}  // namespace rtt::passive
