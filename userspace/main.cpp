#include <cstdio>
#include <variant>

#include "app/daemon.h"
#include "app/options.h"

int main(int argc, char** argv) {
  const auto parsed = rtt::app::parse_options(argc, argv, RTT_VERSION);
  if (const auto* exit = std::get_if<rtt::app::Exit>(&parsed)) {
    std::fputs(exit->text.c_str(), exit->code == 0 ? stdout : stderr);
    return exit->code;
  }
  const auto& options = std::get<rtt::app::Options>(parsed);
  return options.config_check ? rtt::app::check_config(options) : rtt::app::run_daemon(options);
}
