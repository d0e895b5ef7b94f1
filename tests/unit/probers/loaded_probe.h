// What the loader made of a configuration with one probe.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "config/loader.h"

namespace rtt::probers {

using Loaded = std::variant<config::Config, config::Problems>;

/// A problem fails the test.
template <typename Options>
Options options_in(const Loaded& loaded) {
  if (const auto* problems = std::get_if<config::Problems>(&loaded)) {
    for (const std::string& problem : *problems) ADD_FAILURE() << problem;
    return {};
  }
  return dynamic_cast<const Options&>(*std::get<config::Config>(loaded).probes.at(0).options);
}

inline config::Problems problems_in(const Loaded& loaded) {
  const auto* problems = std::get_if<config::Problems>(&loaded);
  return problems != nullptr ? *problems : config::Problems{};
}

}  // namespace rtt::probers
