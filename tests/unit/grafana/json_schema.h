// A JSON Schema (draft 7) and what a document has against it, in one line per problem.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace valijson {
class Schema;
}

namespace rtt::unit {

/// Thread-safe. valijson (https://github.com/tristanpenman/valijson) reads and checks.
class JsonSchema {
 public:
  /// A schema that is none throws.
  explicit JsonSchema(const nlohmann::json& schema);
  ~JsonSchema();

  /// "/panels/3/gridPos/w: Expected number less than or equal to 24.000000 (25)": where, what, and
  /// the value there.
  [[nodiscard]] std::vector<std::string> problems(const nlohmann::json& document) const;

 private:
  std::unique_ptr<valijson::Schema> schema_;
};

}  // namespace rtt::unit
