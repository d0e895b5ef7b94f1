// A scrape of very many series, read without what support::Scrape checks of each line.
//
// Errors are thrown (support/setup_error.h).
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "support/netns.h"

namespace rtt::bench {

/// The text of /metrics.
[[nodiscard]] std::string scrape_text(const support::Namespace& where, std::uint16_t port);

/// Calls on_sample(labels, value) for each sample of that name that has labels.
template <typename OnSample>
void for_each_sample(const std::string& text, const std::string& name, OnSample&& on_sample) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{")) continue;
    const std::size_t space = line.rfind(' ');
    on_sample(line.substr(0, space), std::stod(line.substr(space + 1)));
  }
}

/// The values of all samples of that name that have labels.
[[nodiscard]] std::vector<double> values_of(const std::string& text, const std::string& name);
[[nodiscard]] double sum_of(const std::string& text, const std::string& name);

}  // namespace rtt::bench
