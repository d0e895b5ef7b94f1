// The problems found in one file, and their order.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace rtt::config {

/// 1-based; columns count bytes.
struct Place {
  int line = 1;
  int column = 1;
  auto operator<=>(const Place&) const = default;
};

class ProblemList {
 public:
  void add(Place place, std::string text);
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] std::size_t size() const { return problems_.size(); }
  /// "file:line:column: text", in the order of the file, each once. Past a hundred the rest is one
  /// line.
  [[nodiscard]] std::vector<std::string> lines(std::string_view file_name) const;

 private:
  struct Problem {
    Place place;
    std::string text;
    auto operator<=>(const Problem&) const = default;
  };
  std::vector<Problem> problems_;
};

}  // namespace rtt::config
