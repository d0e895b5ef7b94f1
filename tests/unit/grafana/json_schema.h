// The part of JSON Schema (draft 2020-12) that the schema in tests/testdata/grafana needs.
//
// Thread-safe. A schema with a keyword that is not known here throws.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace rtt::unit {

class JsonSchema {
 public:
  explicit JsonSchema(nlohmann::json schema) : root_(std::move(schema)) {}

  /// What is wrong, one line each: "/panels/3/gridPos/w: maximum 24".
  [[nodiscard]] std::vector<std::string> problems(const nlohmann::json& document) const {
    std::vector<std::string> found;
    check(root_, document, "", found);
    return found;
  }

 private:
  using json = nlohmann::json;
  using Problems = std::vector<std::string>;

  void check(const json& schema, const json& value, const std::string& path,
             Problems& found) const {
    for (const auto& [keyword, rule] : schema.items()) {
      if (keyword == "$ref") {
        check(referenced(rule), value, path, found);
      } else if (keyword == "allOf") {
        for (const json& part : rule) check(part, value, path, found);
      } else if (keyword == "if") {
        Problems otherwise;
        check(rule, value, path, otherwise);
        if (otherwise.empty()) check(schema.at("then"), value, path, found);
      } else if (keyword == "properties" || keyword == "items") {
        check_children(keyword, rule, value, path, found);
      } else if (!holds(keyword, rule, schema, value)) {
        found.push_back(path + ": " + keyword + " " + rule.dump() + ", but it is " +
                        value.dump().substr(0, 200));
      }
    }
  }

  void check_children(const std::string& keyword, const json& rule, const json& value,
                      const std::string& path, Problems& found) const {
    if (keyword == "items" && value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check(rule, value[i], path + "/" + std::to_string(i), found);
      }
    }
    if (keyword == "properties" && value.is_object()) {
      for (const auto& [name, part] : rule.items()) {
        if (value.contains(name)) check(part, value.at(name), path + "/" + name, found);
      }
    }
  }

  static bool holds(const std::string& keyword, const json& rule, const json& schema,
                    const json& value) {
    if (keyword == "type") return is_of(rule, value);
    if (keyword == "const") return value == rule;
    if (keyword == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (keyword == "minimum") return !value.is_number() || value >= rule;
    if (keyword == "maximum") return !value.is_number() || value <= rule;
    if (keyword == "minItems") return !value.is_array() || value.size() >= rule;
    if (keyword == "minLength") {
      return !value.is_string() || value.get_ref<const std::string&>().size() >= rule;
    }
    if (keyword == "pattern") {
      return !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    }
    if (keyword == "required") return !value.is_object() || has_all(value, rule);
    if (keyword == "additionalProperties") {
      return !value.is_object() || has_no_others(value, schema.at("properties"));
    }
    static const std::vector<std::string> kSilent = {"$schema", "$defs", "title", "description",
                                                     "then"};
    if (std::find(kSilent.begin(), kSilent.end(), keyword) != kSilent.end()) return true;
    throw std::invalid_argument("the schema's keyword " + keyword);
  }

  static bool is_of(const json& type, const json& value) {
    if (type.is_array()) {
      return std::any_of(type.begin(), type.end(),
                         [&](const json& one) { return is_of(one, value); });
    }
    return value.type_name() == type || (type == "integer" && value.is_number_integer());
  }

  static bool has_all(const json& object, const json& names) {
    return std::all_of(names.begin(), names.end(),
                       [&](const json& name) { return object.contains(name.get<std::string>()); });
  }

  static bool has_no_others(const json& object, const json& properties) {
    for (const auto& [name, value] : object.items()) {
      if (!properties.contains(name)) return false;
    }
    return true;
  }

  const json& referenced(const std::string& pointer) const {
    return root_.at(json::json_pointer(pointer.substr(1)));  // without the #
  }

  nlohmann::json root_;
};

}  // namespace rtt::unit
