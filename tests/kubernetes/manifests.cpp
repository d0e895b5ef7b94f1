#include "kubernetes/manifests.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::kubernetes {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted, or a block
  if (text == "true" || text == "false") return text == "true";
  if (text.empty() || text == "null" || text == "~") return nullptr;
  const json number = json::parse(text, nullptr, false);
  return number.is_number() ? number : json(text);
}

json value(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      json object = json::object();
      for (const auto& entry : node) object[entry.first.as<std::string>()] = value(entry.second);
      return object;
    }
    case YAML::NodeType::Sequence: {
      json list = json::array();
      for (const YAML::Node& item : node) list.push_back(value(item));
      return list;
    }
    case YAML::NodeType::Scalar:
      return scalar(node);
    default:
      return nullptr;
  }
}

std::string output_without_warnings(const std::vector<std::string>& command) {
  support::Process process(command);
  const auto code = process.wait(60s);
  if (code != 0 || !process.errors().empty()) {
    throw std::runtime_error(command.front() + ": " + process.errors());
  }
  return process.output();
}

}  // namespace

Objects parse(const std::string& text) {
  Objects objects;
  for (const YAML::Node& document : YAML::LoadAll(text)) {
    if (!document.IsNull()) objects.push_back(value(document));
  }
  return objects;
}

Objects read(const std::filesystem::path& file) { return parse(support::read_file(file)); }

Objects manifests() {
  Objects found;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kSource / "config/kubernetes")) {
    const std::filesystem::path& file = entry.path();
    if (file.extension() != ".yaml" || file.filename() == "kustomization.yaml") continue;
    std::ranges::move(read(file), std::back_inserter(found));
  }
  return found;
}

bool can_kustomize() {
  support::Process version({"kubectl", "version", "--client", "--output=json"});
  if (version.wait(60s) != 0) return false;
  return json::parse(version.output(), nullptr, false).contains("kustomizeVersion");
}

Objects kustomize(const std::string& directory) {
  return parse(output_without_warnings({"kubectl", "kustomize", kSource / directory}));
}

Objects helm(const std::vector<std::string>& values) {
  std::vector<std::string> command = {RTT_HELM_TEMPLATE, kSource / "config/helm/rtt-exporter"};
  for (const std::string& setting : values) command.push_back("--set-json=" + setting);
  return parse(output_without_warnings(command));
}

json only(const Objects& objects, const std::string& kind) {
  const auto is = [&](const json& object) { return object.at("kind") == kind; };
  if (std::ranges::count_if(objects, is) != 1) throw std::runtime_error("not one " + kind);
  return *std::ranges::find_if(objects, is);
}

json container(const Objects& objects) {
  return only(objects, "DaemonSet").at("/spec/template/spec/containers/0"_json_pointer);
}

std::string configuration(const Objects& objects) {
  for (const json& object : objects) {
    if (object.at("kind") != "ConfigMap") continue;
    const json& data = object.at("data");
    if (data.contains("rtt_exporter.yml")) return data.at("rtt_exporter.yml");
  }
  throw std::runtime_error("no configuration");
}

}  // namespace rtt::kubernetes
