// What a benchmark prints: a Markdown table, ready for docs/performance.md.
#pragma once

#include <string>
#include <vector>

namespace rtt::bench {

class Table {
 public:
  /// The title says what is measured, and in which unit unless the columns do.
  Table(std::string title, std::vector<std::string> columns);

  /// As many cells as there are columns.
  void add(std::vector<std::string> row);
  /// A sentence below the table: what was left out, and why.
  void note(std::string sentence);
  /// To standard output.
  void print() const;

 private:
  std::string title_;
  std::vector<std::vector<std::string>> rows_;  // the first one is the header
  std::vector<std::string> notes_;
};

/// With that many digits after the point.
[[nodiscard]] std::string number(double value, int digits = 0);

}  // namespace rtt::bench
