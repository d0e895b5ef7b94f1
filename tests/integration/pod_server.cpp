#include "integration/pod_server.h"

#include "support/setup_error.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

std::string configuration(const std::string& path, const std::string& token) {
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += std::string(kind) + "_temp_path " + path + "/" + kind + ";\n";
  }
  return "daemon off;\nmaster_process off;\nerror_log stderr;\npid " + path +
         "/nginx.pid;\nevents {}\nhttp {\n" + temporary +
         "access_log off;\nserver {\nlisten 127.0.0.1:10250 ssl;\nssl_certificate " + path +
         "/server.pem;\nssl_certificate_key " + path + "/server.key;\nroot " + path +
         "/root;\ndefault_type application/json;\n"
         "location = /pods {\nif ($http_authorization != \"Bearer " +
         token + "\") { return 401; }\n}\n}\n}\n";
}

}  // namespace

PodServer::PodServer(const support::Namespace& where) : where_(where) {
  make_certificate("server");
  make_certificate("other");
  support::run_command({"mkdir", directory_.path() + "/root"});
}

void PodServer::make_certificate(const std::string& name) const {
  const std::string path = directory_.path() + "/" + name;
  support::run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name, "-addext",
                        "subjectAltName=IP:127.0.0.1", "-days", "30", "-keyout", path + ".key",
                        "-out", path + ".pem"});
}

void PodServer::set_pods(const std::string& items) const {
  (void)directory_.write("root/pods", R"({"kind": "PodList", "apiVersion": "v1", "metadata": {},
"items": [)" + items + "]}");
}

void PodServer::start(const std::string& token) {
  const std::string& path = directory_.path();
  const std::string file = directory_.write("nginx.conf", configuration(path, token));
  process_ =
      std::make_unique<support::Process>(std::vector<std::string>{"nginx", "-c", file, "-p", path},
                                         support::ProcessOptions{.where = &where_});
  const bool listens = support::wait_until(
      [&] { return where_.run([] { return support::connect_tcp("127.0.0.1", 10250).ok(); }); });
  if (!listens) throw support::SetupError("nginx does not listen: " + process_->errors());
}

}  // namespace rtt::integration
