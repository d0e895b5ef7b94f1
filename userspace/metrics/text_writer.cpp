#include "metrics/text_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace rtt::metrics {
namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by to_chars
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end);
}

char* copy(char* to, std::string_view text) { return std::copy(text.begin(), text.end(), to); }

// The bound as the shortest text of a double, the closing `"} `, the count and the end of the line.
constexpr std::size_t kLongestBucketEnd = 24 + 3 + 20 + 1;

}  // namespace

void TextWriter::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  out_.append("# HELP ").append(name).append(" ").append(help);
  out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void TextWriter::open(std::string_view suffix, std::string_view labels) {
  out_.append(name_).append(suffix).append("{").append(labels);
}

void TextWriter::close(std::uint64_t value) {
  out_.append("} ");
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::close(double value) {
  out_.append("} ");
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::sample(std::string_view labels, double value) {
  open("", labels);
  close(value);
}

void TextWriter::sample(std::string_view labels, std::uint64_t value) {
  open("", labels);
  close(value);
}

void TextWriter::sample(std::string_view labels, std::string_view extra_name,
                        std::string_view extra_value, std::uint64_t value) {
  open("", labels);
  out_.append(",").append(extra_name).append("=\"").append(extra_value).append("\"");
  close(value);
}

void TextWriter::histogram(std::string_view labels, const Histogram& histogram) {
  bucket_.assign(name_).append("_bucket{").append(labels).append(",le=\"");
  buckets(histogram);
  open("_sum", labels);
  close(histogram.sum_seconds());
  open("_count", labels);
  close(histogram.count());
}

// Nearly all of a scrape are these lines. So room is made for all of them at once, and then they are
// copied into it without asking again.
void TextWriter::buckets(const Histogram& histogram) {
  const BucketGrid& grid = histogram.grid();
  const std::size_t count = grid.classic_bounds().size() + 1;
  const std::size_t begin = out_.size();
  out_.resize(begin + count * (bucket_.size() + kLongestBucketEnd));
  char* to = out_.data() + begin;
  const auto write = [&](std::string_view bound, std::uint64_t cumulative) {
    to = copy(to, bucket_);
    to = copy(to, bound);
    to = copy(to, "\"} ");
    to = std::to_chars(to, to + std::numeric_limits<std::uint64_t>::digits10 + 1, cumulative).ptr;
    *to++ = '\n';
  };
  std::uint64_t cumulative = 0;
  std::size_t cell = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    for (; cell < grid.classic_end(i); ++cell) cumulative += histogram.cells()[cell];
    write(grid.classic_text(i), cumulative);
  }
  write("+Inf", histogram.count());
  out_.resize(static_cast<std::size_t>(to - out_.data()));
}

}  // namespace rtt::metrics
