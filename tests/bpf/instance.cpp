#include "instance.h"

#include <bpf/bpf.h>

#include <numeric>
#include <utility>
#include <vector>

#include "measured_link.h"
#include "passive/tcp_probe_prefixes.h"
#include "support/setup_error.h"

namespace rtt::bpf_test {

Instance::Instance(const passive::HandOver& hand_over, std::uint32_t generation,
                   const std::string& server) {
  layout_.peers = 2;
  layout_.cells = static_cast<std::uint32_t>(Measurement::grid()->cell_count());
  const passive::PrefixTable::Rows rows{
      {base::IpPrefix(base::IpAddress::parse(server).value()), 1}};
  object_ = support::value_or_throw(
      passive::TcpProbeObject::load(*Measurement::grid(), layout_, hand_over, generation));
  support::value_or_throw(passive::PrefixTable(object_->prefixes_fd()).set(rows));
  support::value_or_throw(object_->attach());
}

Instance::Row Instance::row(rtt_method method) const {
  const std::uint32_t index = RTT_METHODS + method;
  std::vector<std::uint64_t> words(layout_.words_per_row());
  if (bpf_map_lookup_elem(object_->rows_fd(), &index, words.data()) != 0) return {};
  const auto cells = words.begin() + passive::TcpProbeLayout::kWordsBeforeCells;
  return {std::accumulate(cells, words.end(), std::uint64_t{0}), words[0]};
}

}  // namespace rtt::bpf_test
