#include "metrics/exposition.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "metrics/peer_families.h"

namespace rtt::metrics {
namespace {

constexpr std::size_t kHugePage = 2 << 20;

// Memory for a large response is fresh from the kernel, and to fault it in page by page would take
// longer than to write it. What madvise() does not do here is only slower.
std::string text_with_room(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t with_reserve = size + size / 8;
  const bool huge = with_reserve >= kHugePage;
  std::string text;
  // A multiple of huge pages, less the allocator's header, is aligned to them (mmap(2)).
  text.reserve(huge ? (with_reserve / kHugePage + 1) * kHugePage - page : with_reserve);
  const std::size_t to_page = -reinterpret_cast<std::uintptr_t>(text.data()) % page;
  if (text.capacity() < to_page + page) return text;
  char* const begin = text.data() + to_page;
  const std::size_t length = (text.capacity() - to_page) / page * page;
  if (huge) ::madvise(begin, length, MADV_HUGEPAGE);
  ::madvise(begin, std::min(length, size / page * page), MADV_POPULATE_WRITE);
  return text;
}

}  // namespace

Exposition::Exposition(const SeriesStore& store, ExporterMetrics& exporter)
    : store_(store), exporter_(exporter) {}

void Exposition::set_collectors(std::vector<std::shared_ptr<Collector>> collectors) {
  const std::lock_guard lock(collecting_);
  collectors_.swap(collectors);
}

void Exposition::collect() {
  const std::lock_guard lock(collecting_);
  for (const auto& collector : collectors_) collector->collect();
}

std::string Exposition::text() {
  collect();
  std::string out = text_with_room(last_size_);
  append_peer_families(*store_.current(), out);
  exporter_.append_text(out);
  last_size_ = out.size();
  return out;
}

}  // namespace rtt::metrics
