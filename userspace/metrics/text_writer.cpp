#include "metrics/text_writer.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

namespace rtt::metrics {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kCreated = "_created";

std::string_view type_text(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
  }
  return {};
}

void append_help(std::string& out, std::string_view help, bool escape_quotes) {
  for (const char character : help) {
    if (character == '\n') {
      out += "\\n";
    } else {
      if (character == '\\' || (escape_quotes && character == '"')) out += '\\';
      out += character;
    }
  }
}

template <typename Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by to_chars
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end);
}

template <typename Piece>
char* copy(char* to, const Piece& piece) {
  std::memcpy(to, piece.text.data(), piece.text.size());
  return to + piece.size;
}

}  // namespace

TextWriter::TextWriter(std::string& out, Format format)
    : out_(out), open_metrics_(format == Format::kOpenMetrics) {
  assert(format != Format::kProtobuf);
}

void TextWriter::begin_family(std::string_view name, FamilyType type, std::string_view help) {
  type_ = type;
  name_ = name;
  if (type == FamilyType::kCounter) name_.remove_suffix(kTotal.size());
  const std::string_view family = open_metrics_ ? name_ : name;
  out_.append("# HELP ").append(family).append(" ");
  append_help(out_, help, open_metrics_);
  out_.append("\n# TYPE ").append(family).append(" ").append(type_text(type)).append("\n");
  const std::string_view unit = open_metrics_ ? unit_of(name_) : std::string_view();
  if (!unit.empty()) out_.append("# UNIT ").append(family).append(" ").append(unit).append("\n");
}

void TextWriter::finish() {
  if (open_metrics_) out_ += "# EOF\n";
}

void TextWriter::open(std::string_view suffix, std::string_view labels) {
  out_.append(name_).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels).append("}");
}

void TextWriter::open(std::string_view suffix, std::string_view labels, const Label& extra) {
  out_.append(name_).append(suffix).append("{").append(labels);
  if (!labels.empty()) out_ += ',';
  out_.append(extra.name).append("=\"").append(extra.value).append("\"}");
}

void TextWriter::value(std::uint64_t value) {
  out_ += ' ';
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::value(double value) {
  out_ += ' ';
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::created(WallTime time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  value(static_cast<double>(ms.count()) / 1000);
}

template <typename Number, typename... Extra>
void TextWriter::write_sample(const SeriesKey& key, Number number, const Extra&... extra) {
  const bool counter = type_ == FamilyType::kCounter;
  open(counter ? kTotal : "", key.labels, extra...);
  value(number);
  if (!counter || !open_metrics_) return;
  open(kCreated, key.labels, extra...);
  created(key.created);
}

void TextWriter::sample(const SeriesKey& key, double value) { write_sample(key, value); }

void TextWriter::sample(const SeriesKey& key, std::uint64_t value) { write_sample(key, value); }

void TextWriter::sample(const SeriesKey& key, const Label& extra, std::uint64_t value) {
  write_sample(key, value, extra);
}

void TextWriter::histogram(const SeriesKey& key, const BucketGrid& grid,
                           const HistogramReading& reading, std::span<const CellCount> cells) {
  bucket_.assign(name_).append("_bucket{").append(key.labels).append(",le=\"");
  buckets(grid, reading.count, cells);
  open("_sum", key.labels);
  value(reading.sum_seconds);
  open("_count", key.labels);
  value(reading.count);
  if (!open_metrics_) return;
  open(kCreated, key.labels);
  created(key.created);
}

void TextWriter::make_bounds(const BucketGrid& grid) {
  const auto add = [this](std::string_view bound) {
    Piece<32> piece{};
    piece.size = bound.size() + 3;
    assert(piece.size <= piece.text.size());
    std::memcpy(std::copy(bound.begin(), bound.end(), piece.text.data()), "\"} ", 3);
    bounds_.push_back(piece);
  };
  for (std::size_t i = 0; i < grid.classic_bounds().size(); ++i) {
    std::string text = grid.classic_text(i);
    // OpenMetrics wants a float where the text format has "1".
    if (open_metrics_ && text.find_first_of(".e") == std::string::npos) text += ".0";
    add(text);
  }
  add("+Inf");
}

// Nearly all of a scrape are these lines. So room is made for all of them at once, and then they are
// copied into it without asking again; a count is made text once for all lines that have it.
void TextWriter::buckets(const BucketGrid& grid, std::uint64_t count,
                         std::span<const CellCount> cells) {
  if (bounds_.empty()) make_bounds(grid);
  Piece<24> number{};
  const auto set_number = [&number](std::uint64_t value) {
    char* const begin = number.text.data();
    char* const end = std::to_chars(begin, begin + number.text.size(), value).ptr;
    *end = '\n';
    number.size = static_cast<std::size_t>(end + 1 - begin);
  };
  const std::size_t begin = out_.size();
  const std::size_t longest_line = bucket_.size() + sizeof(bounds_[0].text) + sizeof(number.text);
  out_.resize(begin + bounds_.size() * longest_line);
  char* to = out_.data() + begin;
  const auto write = [&](std::size_t bound) {
    std::memcpy(to, bucket_.data(), bucket_.size());
    to = copy(copy(to + bucket_.size(), bounds_[bound]), number);
  };
  std::uint64_t cumulative = 0;
  set_number(cumulative);
  auto next = cells.begin();
  for (std::size_t i = 0; i + 1 < bounds_.size(); ++i) {
    const std::uint64_t before = cumulative;
    for (; next != cells.end() && next->cell < grid.classic_end(i); ++next) {
      cumulative += next->count;
    }
    if (cumulative != before) set_number(cumulative);
    write(i);
  }
  set_number(count);
  write(bounds_.size() - 1);
  out_.resize(static_cast<std::size_t>(to - out_.data()));
}

}  // namespace rtt::metrics
