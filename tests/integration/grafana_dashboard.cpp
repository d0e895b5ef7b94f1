#include "integration/grafana_dashboard.h"

#include <regex>
#include <stdexcept>
#include <string_view>

namespace rtt::integration {
namespace {

using nlohmann::json;

// As Grafana has them for a data source with its default scrape interval of 15 s, where the last
// five minutes are looked at.
const std::map<std::string, std::string> kBuiltIn = {
    {"__rate_interval", "60s"}, {"__interval", "15s"}, {"__range", "300s"}};

// $name, ${name}, ${name:format}
const std::regex kReference(R"(\$(?:\{(\w+)(?::\w+)?\}|(\w+)))");

std::string substitute(const std::string& text, const std::map<std::string, std::string>& by_name) {
  std::string result;
  auto rest = text.begin();
  for (std::sregex_iterator match(text.begin(), text.end(), kReference), end; match != end;
       ++match) {
    const std::string name = (*match)[1].matched ? match->str(1) : match->str(2);
    const auto value = by_name.find(name);
    if (value == by_name.end()) throw std::invalid_argument("no variable " + name + ": " + text);
    result.append(rest, (*match)[0].first).append(value->second);
    rest = (*match)[0].second;
  }
  return result.append(rest, text.end());
}

// For a regular expression inside a PromQL string: both take a backslash away.
std::string escaped(const std::string& value) {
  std::string result;
  for (const char c : value) {
    if (std::string_view("$^*{}[]'+?.()|\\").find(c) != std::string_view::npos) result += "\\\\";
    if (c == '\\') result += "\\\\";
    result += c;
  }
  return result;
}

std::string any_of(const std::vector<std::string>& values) {
  if (values.size() == 1) return escaped(values[0]);
  std::string result;
  for (const std::string& value : values) result += (result.empty() ? "" : "|") + escaped(value);
  return "(" + result + ")";
}

}  // namespace

std::vector<std::string> GrafanaDashboard::resolve(const LabelValues& ask) {
  static const std::regex kLabelValues(R"(label_values\((.+), (\w+)\))");
  variables_ = kBuiltIn;
  std::vector<std::string> empty;
  const json& list = dashboard_.at("templating").at("list");
  for (const json& variable : list) {
    if (variable.at("type") == "custom") variables_[variable.at("name")] = option(variable);
  }
  for (const json& variable : list) {
    if (variable.at("type") != "query") continue;
    const std::string name = variable.at("name");
    const std::string query = variable.at("query").at("query");
    std::smatch parts;
    if (!std::regex_match(query, parts, kLabelValues)) throw std::invalid_argument(query);
    values_[name] = ask(substitute(parts.str(1), variables_), parts.str(2));
    if (values_[name].empty()) empty.push_back(name);
    variables_[name] = chosen(variable, values_[name]);
  }
  return empty;
}

std::string GrafanaDashboard::option(const json& variable) const {
  const std::string& text = single_.at(variable.at("name"));
  for (const json& option : variable.at("options")) {
    if (option.at("text") == text) return option.at("value");
  }
  throw std::invalid_argument("no option " + text);
}

std::string GrafanaDashboard::chosen(const json& variable,
                                     const std::vector<std::string>& values) const {
  if (!variable.at("multi")) return single_.at(variable.at("name"));
  if (choice_ == Choice::kAll && variable.contains("allValue")) return variable.at("allValue");
  return any_of(values);
}

std::vector<Query> GrafanaDashboard::queries() const {
  std::vector<Query> queries;
  for (const json& panel : dashboard_.at("panels")) {
    if (!panel.contains("repeat")) {
      add_queries(panel, variables_, queries);
      continue;
    }
    const std::string repeated = panel.at("repeat");
    for (const std::string& value : values_.at(repeated)) {
      Variables variables = variables_;
      variables[repeated] = escaped(value);
      add_queries(panel, variables, queries);
    }
  }
  return queries;
}

void GrafanaDashboard::add_queries(const json& panel, const Variables& variables,
                                   std::vector<Query>& queries) const {
  if (!panel.contains("targets")) return;
  for (const json& target : panel.at("targets")) {
    queries.push_back({.panel = panel.at("title"),
                       .expression = substitute(target.at("expr"), variables),
                       .instant = target.at("instant")});
  }
}

}  // namespace rtt::integration
