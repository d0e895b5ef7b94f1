#include "integration/nginx.h"

#include <chrono>
#include <sstream>

#include "support/setup_error.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using support::run_command;

std::string configuration(const std::string& path) {
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += std::string(kind) + "_temp_path " + path + "/" + kind + ";\n";
  }
  return "daemon off;\nmaster_process off;\nerror_log stderr;\npid " + path +
         "/nginx.pid;\nevents { worker_connections 1024; }\nhttp {\n" + temporary +
         "log_format line '$remote_addr $connection $request_uri';\n"
         "access_log /dev/stdout line;\nkeepalive_requests 1000000;\nserver {\n"
         "listen 80;\nlisten [::]:80;\nlisten 443 ssl;\nssl_protocols TLSv1.3;\nssl_certificate " +
         path + "/server.pem;\nssl_certificate_key " + path + "/server.key;\nroot " + path +
         "/root;\n}\n}\n";
}

void make_key(const std::string& path, const std::string& subject,
              const std::vector<std::string>& further) {
  std::vector<std::string> command = {
      "openssl", "req",   "-newkey",        "ec",      "-pkeyopt",   "ec_paramgen_curve:P-256",
      "-nodes",  "-subj", "/CN=" + subject, "-keyout", path + ".key"};
  command.insert(command.end(), further.begin(), further.end());
  run_command(command);
}

}  // namespace

Nginx::Nginx(const support::Namespace& where) {
  const std::string& path = directory_.path();
  make_certificates();
  run_command({"mkdir", path + "/root"});
  (void)directory_.write("root/index.html", "hello\n");
  (void)directory_.write("root/big", std::string(kBigBytes, 'x'));
  const std::string file = directory_.write("nginx.conf", configuration(path));
  process_ =
      std::make_unique<support::Process>(std::vector<std::string>{"nginx", "-c", file, "-p", path},
                                         support::ProcessOptions{.where = &where});
  const bool listens = support::wait_until(
      [&] { return where.run([] { return support::connect_tcp("127.0.0.1", 443).ok(); }); });
  if (!listens) throw support::SetupError("nginx does not listen: " + process_->errors());
}

void Nginx::make_certificates() const {
  const std::string path = directory_.path() + "/";
  for (const std::string name : {"ca", "other"}) {
    make_key(path + name, name, {"-x509", "-days", "30", "-out", path + name + ".pem"});
  }
  make_key(path + "server", kName,
           {"-addext", std::string("subjectAltName=DNS:") + kName, "-out", path + "server.csr"});
  run_command({"openssl", "x509", "-req", "-in", path + "server.csr", "-CA", path + "ca.pem",
               "-CAkey", path + "ca.key", "-CAcreateserial", "-copy_extensions", "copy", "-days",
               "30", "-out", path + "server.pem"});
}

std::vector<Nginx::Request> Nginx::requests() const {
  std::istringstream lines(process_->output());
  std::vector<Request> requests;
  for (Request request; lines >> request.client >> request.connection >> request.path;) {
    requests.push_back(request);
  }
  return requests;
}

}  // namespace rtt::integration
