#include "app/source_board.h"

#include "base/logging.h"

namespace rtt::app {

void SourceBoard::set(const std::string& source, std::optional<std::string> reason) {
  const std::lock_guard lock(mutex_);
  const auto known = reasons_.find(source);
  if (known != reasons_.end() && known->second == reason) return;
  metrics_.set_source_up(source, !reason);
  if (reason) {
    base::log_warn("source is off", {{"source", source}, {"reason", *reason}});
  } else {
    base::log_info("source is up", {{"source", source}});
  }
  reasons_.insert_or_assign(source, std::move(reason));
}

void SourceBoard::remove(const std::string& source) {
  const std::lock_guard lock(mutex_);
  if (reasons_.erase(source) == 0) return;
  metrics_.remove_source(source);
}

std::vector<web::Backend::Source> SourceBoard::sources() const {
  const std::lock_guard lock(mutex_);
  std::vector<web::Backend::Source> sources;
  for (const auto& [name, reason] : reasons_) {
    sources.push_back({name, !reason.has_value(), reason.value_or("")});
  }
  return sources;
}

}  // namespace rtt::app
