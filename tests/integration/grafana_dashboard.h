// A dashboard's queries as Grafana sends them: variables resolved and substituted.
//
// (https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/) What is asked
// of the data source is the caller's. Not thread-safe. A dashboard that is not one throws.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rtt::integration {

/// label_values(selector, label): all values, sorted.
using LabelValues =
    std::function<std::vector<std::string>(const std::string& selector, const std::string& label)>;

enum class Choice { kAll, kEachValue };  // of a variable that takes several: All, or each one named

struct Query {
  std::string panel;
  std::string expression;
  bool instant;
};

class GrafanaDashboard {
 public:
  /// `single` chooses the value of variables that take only one, by the variable's name; the text
  /// of an option stands for its value.
  GrafanaDashboard(nlohmann::json dashboard, std::map<std::string, std::string> single,
                   Choice choice)
      : dashboard_(std::move(dashboard)), single_(std::move(single)), choice_(choice) {}

  /// Asks for the values of every variable. To be called first, and again as the data grow.
  /// Returns the names of those without any.
  [[nodiscard]] std::vector<std::string> resolve(const LabelValues& ask);
  /// Those of repeated panels once for each value.
  [[nodiscard]] std::vector<Query> queries() const;

 private:
  using Variables = std::map<std::string, std::string>;  // name -> what a query gets for it

  [[nodiscard]] std::string chosen(const nlohmann::json& variable,
                                   const std::vector<std::string>& values) const;
  [[nodiscard]] std::string option(const nlohmann::json& variable) const;
  void add_queries(const nlohmann::json& panel, const Variables& variables,
                   std::vector<Query>& queries) const;

  nlohmann::json dashboard_;
  std::map<std::string, std::string> single_;
  Choice choice_;
  Variables variables_;
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace rtt::integration
