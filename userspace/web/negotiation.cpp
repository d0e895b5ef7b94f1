#include "web/negotiation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace rtt::web {
namespace {

using metrics::Format;

constexpr std::string_view kSpace = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool equal(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// Up to the next separator outside of quotes; takes it off the text.
std::string_view take_until(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != separator); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (quoted && text[end] == '\\') ++end;
  }
  end = std::min(end, text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(taken);
}

std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"'
             ? text.substr(1, text.size() - 2)
             : text;
}

struct Parameter {
  std::string_view name;
  std::string_view value;
};

// One element of Accept or Accept-Encoding.
struct Element {
  std::string_view name;
  std::vector<Parameter> parameters;
  double weight = 1;
};

std::optional<double> parse_weight(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || end != text.data() + text.size() || !(weight >= 0 && weight <= 1)) {
    return std::nullopt;
  }
  return weight;
}

std::optional<Element> parse_element(std::string_view text) {
  Element element;
  element.name = take_until(text, ';');
  if (element.name.empty()) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = take_until(text, ';');
    const std::string_view name = take_until(value, '=');
    if (equal(name, "q")) {
      const auto weight = parse_weight(value);
      if (!weight) return std::nullopt;
      element.weight = *weight;
    } else if (!name.empty()) {
      element.parameters.push_back({name, unquoted(trim(value))});
    }
  }
  return element;
}

// More than any client sends; past it a header is somebody's joke.
constexpr std::size_t kMostElements = 64;

std::vector<Element> parse_elements(std::string_view header) {
  std::vector<Element> elements;
  for (std::size_t i = 0; i < kMostElements && !header.empty(); ++i) {
    if (auto element = parse_element(take_until(header, ','))) {
      elements.push_back(*std::move(element));
    }
  }
  return elements;
}

struct Offer {
  Format format;
  std::string_view content_type;
  std::string_view media_type;
  // A request that names one of these with another value does not mean this offer.
  std::array<Parameter, 2> parameters;
  // Those that a request must name.
  std::size_t required;
};

constexpr Offer kOffers[] = {
    {Format::kText,
     "text/plain; version=0.0.4; charset=utf-8",
     "text/plain",
     {{{"version", "0.0.4"}}},
     0},
    {Format::kOpenMetrics,
     "application/openmetrics-text; version=1.0.0; charset=utf-8",
     "application/openmetrics-text",
     {{{"version", "1.0.0"}}},
     0},
    {Format::kProtobuf,
     "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
     "application/vnd.google.protobuf",
     {{{"proto", "io.prometheus.client.MetricFamily"}, {"encoding", "delimited"}}},
     2},
};

bool parameters_fit(const Element& element, const Offer& offer) {
  std::size_t named = 0;
  for (const Parameter& own : offer.parameters) {
    for (const Parameter& asked : element.parameters) {
      if (own.name.empty() || !equal(own.name, asked.name)) continue;
      if (!equal(own.value, asked.value)) return false;
      ++named;
    }
  }
  return named >= offer.required;
}

// How exactly an element names an offer; nothing: not at all.
std::optional<int> exactness(const Element& element, const Offer& offer) {
  if (equal(element.name, offer.media_type)) {
    if (!parameters_fit(element, offer)) return std::nullopt;
    return 2;
  }
  const std::string_view type = offer.media_type.substr(0, offer.media_type.find('/') + 1);
  if (element.name.size() == type.size() + 1 && element.name.back() == '*' &&
      equal(element.name.substr(0, type.size()), type)) {
    return 1;
  }
  if (element.name == "*/*") return 0;
  return std::nullopt;
}

double weight_of(std::string_view name, std::span<const Element> elements, double otherwise) {
  for (const Element& element : elements) {
    if (equal(element.name, name)) return element.weight;
  }
  return otherwise;
}

}  // namespace

Format negotiate_format(std::string_view accept) {
  const std::vector<Element> elements = parse_elements(accept);
  // The most exact element decides what an offer weighs (12.5.1).
  struct Choice {
    double weight = 0;
    int exactness = -1;
    std::ptrdiff_t place = 0;  // negative: an earlier one is preferred
  };
  const auto weigh = [&](const Offer& offer) {
    Choice choice;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const auto exact = exactness(elements[i], offer);
      if (exact && *exact > choice.exactness) {
        choice = {elements[i].weight, *exact, -static_cast<std::ptrdiff_t>(i)};
      }
    }
    return choice;
  };
  Format best = Format::kText;
  Choice best_choice;
  for (const Offer& offer : kOffers) {
    const Choice choice = weigh(offer);
    if (std::tie(choice.weight, choice.exactness, choice.place) >
            std::tie(best_choice.weight, best_choice.exactness, best_choice.place) &&
        choice.weight > 0) {
      best = offer.format;
      best_choice = choice;
    }
  }
  return best;
}

bool wants_gzip(std::string_view accept_encoding) {
  const std::vector<Element> elements = parse_elements(accept_encoding);
  const double any = weight_of("*", elements, 0);
  const double gzip = weight_of("gzip", elements, weight_of("x-gzip", elements, any));
  return gzip > 0 && gzip >= weight_of("identity", elements, 0);
}

std::string_view content_type(Format format) {
  return std::find_if(std::begin(kOffers), std::end(kOffers),
                      [format](const Offer& offer) { return offer.format == format; })
      ->content_type;
}

}  // namespace rtt::web
