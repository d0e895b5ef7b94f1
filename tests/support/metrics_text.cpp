#include "support/metrics_text.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

namespace rtt::support {
namespace {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

// One line, eaten from the left.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool skip(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::string name() {
    std::size_t length = 0;
    while (length < text_.size() && is_name_char(text_[length])) ++length;
    return take(length);
  }
  std::string rest() { return take(text_.size()); }
  [[nodiscard]] bool done() const { return text_.empty(); }

  // With its closing quote.
  std::optional<std::string> quoted() {
    std::string value;
    while (!text_.empty()) {
      const char c = take(1)[0];
      if (c == '"') return value;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (text_.empty()) return std::nullopt;
      const char escaped = take(1)[0];
      if (escaped != '\\' && escaped != '"' && escaped != 'n') return std::nullopt;
      value += escaped == 'n' ? '\n' : escaped;
    }
    return std::nullopt;
  }

 private:
  std::string take(std::size_t length) {
    std::string result(text_.substr(0, length));
    text_.remove_prefix(length);
    return result;
  }

  std::string_view text_;
};

// from_chars reads "inf" and "nan" in any case, and the format's "+Inf" but for its sign.
std::optional<double> parse_value(std::string_view text) {
  if (text.starts_with("+")) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<LabelSet> parse_labels(Cursor& line) {
  LabelSet labels;
  if (!line.skip("{") || line.skip("}")) return labels;
  do {
    const std::string name = line.name();
    if (name.empty() || !line.skip("=\"")) return std::nullopt;
    auto value = line.quoted();
    if (!value || !labels.emplace(name, std::move(*value)).second) return std::nullopt;
  } while (line.skip(","));
  if (!line.skip("}")) return std::nullopt;
  return labels;
}

bool belongs_to(const Sample& sample, const Family& family) {
  if (sample.name == family.name) return family.type != "histogram";
  if (!sample.name.starts_with(family.name)) return false;
  const std::string_view suffix = std::string_view(sample.name).substr(family.name.size());
  const bool total = suffix == "_sum" || suffix == "_count";
  if (family.type == "histogram") return total || suffix == "_bucket";
  return family.type == "summary" && total;
}

class Parser {
 public:
  // What is wrong with the line; empty: nothing.
  std::string line(std::string_view text) {
    Cursor line(text);
    if (line.skip("# HELP ")) return help(line);
    if (line.skip("# TYPE ")) return type(line);
    if (text.empty() || text.starts_with("#")) return "";
    return sample(line);
  }

  std::vector<Family> take() { return std::move(families_); }

 private:
  std::string help(Cursor& line) {
    Family family;
    family.name = line.name();
    if (family.name.empty() || !line.skip(" ")) return "HELP without a name or a text";
    family.help = line.rest();
    if (!names_.insert(family.name).second) return "a second HELP of " + family.name;
    families_.push_back(std::move(family));
    return "";
  }

  std::string type(Cursor& line) {
    static const std::set<std::string> kTypes = {"counter", "gauge", "histogram", "summary",
                                                 "untyped"};
    const std::string name = line.name();
    if (families_.empty() || families_.back().name != name)
      return "TYPE of " + name + " without HELP";
    Family& family = families_.back();
    if (!family.type.empty()) return "a second TYPE of " + name;
    if (!line.skip(" ")) return "TYPE without a type";
    family.type = line.rest();
    return kTypes.contains(family.type) ? "" : "the type " + family.type + " does not exist";
  }

  std::string sample(Cursor& line) {
    Sample sample;
    sample.name = line.name();
    if (sample.name.empty()) return "no metric name";
    auto labels = parse_labels(line);
    if (!labels) return "bad labels of " + sample.name;
    sample.labels = std::move(*labels);
    if (!line.skip(" ")) return "no value of " + sample.name;
    const auto value = parse_value(line.rest());
    if (!value) return "bad value of " + sample.name;
    sample.value = *value;
    if (families_.empty() || families_.back().type.empty() ||
        !belongs_to(sample, families_.back())) {
      return sample.name + " stands apart from its HELP and TYPE";
    }
    if (!series_.emplace(sample.name, sample.labels).second)
      return sample.name + " stands there twice";
    families_.back().samples.push_back(std::move(sample));
    return "";
  }

  std::vector<Family> families_;
  std::set<std::string> names_;
  std::set<std::pair<std::string, LabelSet>> series_;
};

bool has_labels(const Sample& sample, const LabelSet& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto found = sample.labels.find(label.first);
    return found != sample.labels.end() && found->second == label.second;
  });
}

}  // namespace

base::Result<Scrape> Scrape::parse(std::string_view text) {
  Parser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t length = text.find('\n');
    const std::string where = "line " + std::to_string(number) + ": ";
    if (length == text.npos) return base::Error{where + "ends without a newline"};
    const std::string problem = parser.line(text.substr(0, length));
    if (!problem.empty()) return base::Error{where + problem};
    text.remove_prefix(length + 1);
  }
  Scrape scrape;
  scrape.families_ = parser.take();
  return scrape;
}

const Family* Scrape::family(std::string_view name) const {
  const auto found = std::find_if(families_.begin(), families_.end(),
                                  [&](const Family& family) { return family.name == name; });
  return found == families_.end() ? nullptr : &*found;
}

std::vector<Sample> Scrape::samples(std::string_view name, const LabelSet& labels) const {
  std::vector<Sample> result;
  for (const Family& family : families_) {
    for (const Sample& sample : family.samples) {
      if (sample.name == name && has_labels(sample, labels)) result.push_back(sample);
    }
  }
  return result;
}

std::optional<double> Scrape::value(std::string_view name, const LabelSet& labels) const {
  const std::vector<Sample> found = samples(name, labels);
  if (found.size() != 1) return std::nullopt;
  return found.front().value;
}

double Scrape::sum(std::string_view name, const LabelSet& labels) const {
  double total = 0;
  for (const Sample& sample : samples(name, labels)) total += sample.value;
  return total;
}

std::optional<HistogramSample> Scrape::histogram(std::string_view name,
                                                 const LabelSet& labels) const {
  const auto sum = value(std::string(name) + "_sum", labels);
  const auto count = value(std::string(name) + "_count", labels);
  if (!sum || !count) return std::nullopt;
  HistogramSample histogram{.buckets = {}, .sum = *sum, .count = *count};
  for (const Sample& sample : samples(std::string(name) + "_bucket", labels)) {
    const auto le = sample.labels.find("le");
    const auto bound = le == sample.labels.end() ? std::nullopt : parse_value(le->second);
    if (!bound) return std::nullopt;
    histogram.buckets.push_back({.upper_bound = *bound, .cumulative = sample.value});
  }
  return histogram;
}

std::optional<double> HistogramSample::quantile(double q) const {
  if (count == 0) return std::nullopt;
  const double rank = q * count;
  HistogramSample::Bucket below{.upper_bound = 0, .cumulative = 0};
  for (const Bucket& bucket : buckets) {
    if (bucket.cumulative >= rank && bucket.cumulative > below.cumulative) {
      if (std::isinf(bucket.upper_bound)) return below.upper_bound;
      const double share = (rank - below.cumulative) / (bucket.cumulative - below.cumulative);
      return below.upper_bound + share * (bucket.upper_bound - below.upper_bound);
    }
    below = bucket;
  }
  return std::nullopt;
}

HistogramSample HistogramSample::since(const HistogramSample& earlier) const {
  assert(buckets.size() == earlier.buckets.size());
  HistogramSample result = *this;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    result.buckets[i].cumulative -= earlier.buckets[i].cumulative;
  }
  result.sum -= earlier.sum;
  result.count -= earlier.count;
  return result;
}

}  // namespace rtt::support
