#include "config/problem_list.h"

#include <algorithm>
#include <utility>

namespace rtt::config {
namespace {

// Nobody reads more at once, and a hostile file has one problem every few bytes.
constexpr std::size_t kMaxLines = 100;

}  // namespace

void ProblemList::add(Place place, std::string text) {
  problems_.push_back({place, std::move(text)});
}

std::vector<std::string> ProblemList::lines(std::string_view file_name) const {
  std::vector<Problem> sorted = problems_;
  std::sort(sorted.begin(), sorted.end());
  // An alias makes the same text be read, and found wrong, more than once.
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::string> lines;
  const auto prefix = [&](Place place) {
    return std::string(file_name) + ":" + std::to_string(place.line) + ":" +
           std::to_string(place.column) + ": ";
  };
  for (const Problem& problem : sorted) {
    if (lines.size() == kMaxLines) {
      lines.push_back(prefix(problem.place) + "and " + std::to_string(sorted.size() - kMaxLines) +
                      " more problems from here on");
      break;
    }
    lines.push_back(prefix(problem.place) + problem.text);
  }
  return lines;
}

}  // namespace rtt::config
