#include "config/web_config.h"

#include <filesystem>

#include "config/document.h"
#include "config/map_access.h"
#include "config/read_file.h"
#include "config/read_web.h"
#include "config/scalar.h"

namespace rtt::config {

LoadedWebConfig load_web(std::string_view text, const std::string& path,
                         const CheckTls& check_tls) {
  LoadedWebConfig loaded;
  ProblemList problems;
  if (const auto document = Document::parse(text, problems)) {
    const Node& top = document->root();
    if (top.kind == Node::Kind::kMapping) {
      MapReader root = Loader::open(top, problems);
      WebFiles files(std::filesystem::path(path).parent_path(), loaded.files);
      loaded.config.tls = read_tls(root, files, check_tls);
      loaded.config.headers = read_http_server(root);
      loaded.config.users = read_users(root);
      Loader::finish(root);
    } else {
      problems.add(top.place, "the file" + description(top) +
                                  "; allowed: a mapping (key: value) at the top level");
    }
  }
  loaded.problems = problems.lines(path);
  return loaded;
}

LoadedWebConfig load_web_file(const std::string& path, const CheckTls& check_tls) {
  const StampedFile self = {path, FileStamp::of(path)};
  const auto text = read_file(path, Document::kMaxBytes + 1);
  LoadedWebConfig loaded;
  if (text) {
    loaded = load_web(*text, path, check_tls);
  } else {
    loaded.problems = {text.error().message};
  }
  loaded.files.insert(loaded.files.begin(), self);
  return loaded;
}

}  // namespace rtt::config
