#include "unit/grafana/json_schema.h"

#include <algorithm>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace rtt::unit {
namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

// {"<root>", "[panels]", "[3]"} -> /panels/3
json::json_pointer pointer(const std::vector<std::string>& context) {
  json::json_pointer path;
  for (std::size_t i = 1; i < context.size(); ++i) {
    path /= context[i].substr(1, context[i].size() - 2);
  }
  return path;
}

// What only says that a child has a problem, which is reported too.
bool repeats(const std::string& description) {
  return description.rfind("Failed to validate item #", 0) == 0 ||
         description.rfind("Failed to validate against child schema #", 0) == 0 ||
         description.rfind("Failed to validate against schema associated with", 0) == 0 ||
         description.rfind("Failed to validate against additional properties", 0) == 0 ||
         description.rfind("Failed to validate against a conditional schema", 0) == 0;
}

std::string value_at(const json& document, const json::json_pointer& path) {
  constexpr std::size_t kEnough = 100;
  return document.contains(path) ? document.at(path).dump().substr(0, kEnough) : "nothing";
}

}  // namespace

JsonSchema::JsonSchema(const json& schema) : schema_(std::make_unique<valijson::Schema>()) {
  valijson::SchemaParser parser;
  parser.populateSchema(NlohmannJsonAdapter(schema), *schema_);
}

JsonSchema::~JsonSchema() = default;

std::vector<std::string> JsonSchema::problems(const json& document) const {
  valijson::Validator validator;
  valijson::ValidationResults results;
  std::vector<std::string> found;
  if (validator.validate(*schema_, NlohmannJsonAdapter(document), &results)) return found;

  for (const valijson::ValidationResults::Error& error : results) {
    if (repeats(error.description)) continue;
    const json::json_pointer path = pointer(error.context);
    found.push_back(path.to_string() + ": " + error.description + " (" + value_at(document, path) +
                    ")");
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.empty()) found.emplace_back("/: does not hold");
  return found;
}

}  // namespace rtt::unit
