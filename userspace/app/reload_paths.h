// What a reload reads, and others (discovery, the names of pods) between reloads.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/options.h"
#include "web/settings_file.h"

namespace rtt::app {

/// Files, and directories with '/' at their end, of this configuration; a next one may name others.
/// `web_settings`: null without --web.config.file.
[[nodiscard]] std::vector<std::string> reload_paths(const Options& options,
                                                    const Configuration& configuration,
                                                    web::SettingsFile* web_settings);

}  // namespace rtt::app
