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
  [[nodiscard]] double number(std::string_view key, double default_value, double min, double max);
  /// A missing key is a problem; then and on a bad value returns min.
  [[nodiscard]] std::int64_t required_integer(std::string_view key, std::int64_t min,
                                              std::int64_t max);
  [[nodiscard]] std::chrono::nanoseconds duration(std::string_view key,
                                                  std::chrono::nanoseconds default_value,
                                                  std::chrono::nanoseconds min,
                                                  std::chrono::nanoseconds max);
  /// What one item of a list or of a mapping means. Returns what is wrong with it and what is
  /// allowed, which is noted at the item's place; nothing: it is fine.
  using OnItem = std::function<std::optional<std::string>(const std::string& item)>;
  using OnEntry =
      std::function<std::optional<std::string>(const std::string& name, const std::string& value)>;
  /// Of a list of scalars. `of_what` as in "a list of status codes".
  void each_item(std::string_view key, std::string_view of_what, const OnItem& on_item);
  /// Of a mapping from names to scalars.
  void each_entry(std::string_view key, const OnEntry& on_entry);
  /// Reads the mapping behind the key, if there is one.
  void section(std::string_view key, const std::function<void(MapReader&)>& read);
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
  /// Its probes are TCP connections, which passive sources see like any other.
  bool over_tcp = false;
};

}  // namespace rtt::config
