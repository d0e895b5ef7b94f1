#include "config/map_reader.h"

#include <sstream>
#include <utility>

#include "base/duration.h"
#include "config/map_access.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

std::string integer_range(std::int64_t min, std::int64_t max) {
  return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

std::string number_range(double min, double max) {
  std::ostringstream text;
  text << "a number from " << min << " to " << max;
  return text.str();
}

}  // namespace

MapReader::MapReader(std::unique_ptr<Node> node) : node_(std::move(node)) {}
MapReader::~MapReader() = default;
MapReader::MapReader(MapReader&&) noexcept = default;

bool MapReader::has(std::string_view key) { return Loader::take(*this, key) != nullptr; }

std::string MapReader::string(std::string_view key, std::string_view default_value) {
  const config::Node* value = Loader::take(*this, key);
  if (value == nullptr) return std::string(default_value);
  if (auto text = to_text(*value)) return *std::move(text);
  problem_at(key, in_quotes(key) + description(*value) + "; allowed: a string on one line");
  return std::string(default_value);
}

std::string MapReader::required_string(std::string_view key) {
  if (Loader::take(*this, key) == nullptr) {
    problem_at(key, "key " + in_quotes(key) + " is missing; allowed: a string on one line");
  }
  return string(key, "");
}

bool MapReader::boolean(std::string_view key, bool default_value) {
  const config::Node* value = Loader::take(*this, key);
  if (value == nullptr) return default_value;
  if (const auto flag = to_boolean(*value)) return *flag;
  problem_at(key, in_quotes(key) + description(*value) + "; allowed: true or false");
  return default_value;
}

std::int64_t MapReader::integer(std::string_view key, std::int64_t default_value, std::int64_t min,
                                std::int64_t max) {
  const config::Node* value = Loader::take(*this, key);
  if (value == nullptr) return default_value;
  const auto number = to_integer(*value);
  if (number && *number >= min && *number <= max) return *number;
  problem_at(key, in_quotes(key) + description(*value) + "; allowed: " + integer_range(min, max));
  return default_value;
}

double MapReader::number(std::string_view key, double default_value, double min, double max) {
  const config::Node* value = Loader::take(*this, key);
  if (value == nullptr) return default_value;
  const auto number = to_number(*value);
  if (number && *number >= min && *number <= max) return *number;
  problem_at(key, in_quotes(key) + description(*value) + "; allowed: " + number_range(min, max));
  return default_value;
}

std::int64_t MapReader::required_integer(std::string_view key, std::int64_t min, std::int64_t max) {
  if (Loader::take(*this, key) == nullptr) {
    problem_at(key, "key " + in_quotes(key) + " is missing; allowed: " + integer_range(min, max));
  }
  return integer(key, min, min, max);
}

std::chrono::nanoseconds MapReader::duration(std::string_view key,
                                             std::chrono::nanoseconds default_value,
                                             std::chrono::nanoseconds min,
                                             std::chrono::nanoseconds max) {
  const config::Node* value = Loader::take(*this, key);
  if (value == nullptr) return default_value;
  if (value->kind == config::Node::Kind::kScalar) {
    const auto parsed = base::parse_duration(value->text);
    if (parsed && *parsed >= min && *parsed <= max) return *parsed;
  }
  problem_at(key, in_quotes(key) + description(*value) +
                      "; allowed: a duration like 500ms or 1m30s, " + "from " +
                      base::format_duration(min) + " to " + base::format_duration(max));
  return default_value;
}

void MapReader::each_item(std::string_view key, std::string_view of_what, const OnItem& on_item) {
  for (const config::Node* item : Loader::take_list(*this, key, of_what)) {
    const auto text = to_text(*item);
    const auto problem = text ? on_item(*text)
                              : "an item of " + in_quotes(key) + description(*item) +
                                    "; allowed: a list of " + std::string(of_what);
    if (problem) node_->problems->add(item->place, *problem);
  }
}

void MapReader::each_entry(std::string_view key, const OnEntry& on_entry) {
  const config::Node* mapping = Loader::take_mapping(*this, key);
  if (mapping == nullptr) return;
  for (const config::Node::Entry& entry : mapping->entries) {
    const auto value = to_text(*entry.value);
    const auto problem = value ? on_entry(entry.key, *value)
                               : in_quotes(entry.key) + description(*entry.value) +
                                     "; allowed: a string on one line";
    if (problem) node_->problems->add(entry.key_place, *problem);
  }
}

void MapReader::section(std::string_view key, const std::function<void(MapReader&)>& read) {
  read_section(*this, key, read);
}

void MapReader::problem_at(std::string_view key, std::string_view text) {
  node_->problems->add(Loader::place(*this, key), std::string(text));
}

}  // namespace rtt::config
