// Strict reading of one YAML mapping: every key is asked for once, with its type and its allowed
// values; what is wrong, and what nobody asked for, becomes a problem with its place in the file.
//
// A reader never stops at the first problem: it notes it and returns the default, so that one run
// reports all. Not thread-safe; lives no longer than the load that made it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rtt::config {

struct MethodOptions;

class MapReader {
 public:
  struct Node;  // hides yaml-cpp
  ~MapReader();
  MapReader(MapReader&&) noexcept;

  /// Whether the key is there, with whatever value. Like reading it, asking makes it an allowed
  /// key.
  [[nodiscard]] bool has(std::string_view key);

  [[nodiscard]] std::string string(std::string_view key, std::string_view default_value);
  /// A missing key is a problem.
  [[nodiscard]] std::string required_string(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key, bool default_value);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t default_value,
                                     std::int64_t min, std::int64_t max);
  /// A missing key is a problem; then and on a bad value returns min.
  [[nodiscard]] std::int64_t required_integer(std::string_view key, std::int64_t min,
                                              std::int64_t max);
  [[nodiscard]] std::chrono::nanoseconds duration(std::string_view key,
                                                  std::chrono::nanoseconds default_value,
                                                  std::chrono::nanoseconds min,
                                                  std::chrono::nanoseconds max);
  /// Notes a problem at the value of `key`, or at the mapping when the key is missing.
  void problem_at(std::string_view key, std::string_view text);

 private:
  friend class Loader;
  explicit MapReader(std::unique_ptr<Node> node);
  std::unique_ptr<Node> node_;
};

/// A method's part of the configuration: the loader looks the name up and lets it read its own
/// keys.
struct MethodSchema {
  std::string_view name;
  std::function<std::shared_ptr<const MethodOptions>(MapReader&)> read_options;
};

}  // namespace rtt::config
