#include "bench/table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cassert>
#include <iostream>

namespace rtt::bench {
namespace {

std::string line(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string text = "|";
  for (std::size_t i = 0; i < row.size(); ++i) text += fmt::format(" {:<{}} |", row[i], widths[i]);
  return text + "\n";
}

}  // namespace

Table::Table(std::string title, std::vector<std::string> columns) : title_(std::move(title)) {
  rows_.push_back(std::move(columns));
}

void Table::add(std::vector<std::string> row) {
  assert(row.size() == rows_.front().size());
  rows_.push_back(std::move(row));
}

void Table::note(std::string sentence) { notes_.push_back(std::move(sentence)); }

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size(), 3);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<std::string> rule;
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  std::string text = "\n### " + title_ + "\n\n" + line(rows_.front(), widths) + line(rule, widths);
  for (std::size_t i = 1; i < rows_.size(); ++i) text += line(rows_[i], widths);
  for (const std::string& sentence : notes_) text += "\n" + sentence + "\n";
  std::cout << text << std::flush;
}

std::string number(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

}  // namespace rtt::bench
