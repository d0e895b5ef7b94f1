// YAML text -> Config, or every problem in it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "config/map_reader.h"

namespace rtt::config {

/// Each a line "file:line:column: what is wrong and what is allowed", in the order of the file.
using Problems = std::vector<std::string>;

/// `file_name` only names the text in problems. `methods`: what `method:` may say.
[[nodiscard]] std::variant<Config, Problems> load(std::string_view text, std::string_view file_name,
                                                  std::span<const MethodSchema> methods);

/// Reads the file first; one that cannot be read is one problem.
[[nodiscard]] std::variant<Config, Problems> load_file(const std::string& path,
                                                       std::span<const MethodSchema> methods);

/// The text of config/quickstart.yml: what runs without --config.file.
[[nodiscard]] std::string_view builtin_defaults();

}  // namespace rtt::config
