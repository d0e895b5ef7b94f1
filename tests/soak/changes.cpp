#include <signal.h>

#include "soak/load.h"
#include "support/setup_error.h"

namespace rtt::soak {
namespace {

using namespace std::chrono_literals;

void expect_status(int wanted, const support::HttpResponse& response) {
  if (response.status == wanted) return;
  throw support::SetupError("a reload was answered with " + std::to_string(response.status) + ": " +
                            response.body);
}

// In turn, so that each answer is that of the file that was written before it.
void reload(Bed& bed, unsigned number) {
  switch (number % 4) {
    case 0:
    case 2:
      bed.daemon.write_config(bed.full_config(number));
      return expect_status(200, bed.daemon.reload());
    case 1:
      bed.daemon.write_config(Bed::bad_config(number / 4));
      return expect_status(500, bed.daemon.reload());
    default:
      bed.daemon.write_config(bed.full_config(number));
      bed.daemon.process().signal(SIGHUP);
  }
}

}  // namespace

std::vector<Activity> changes(Bed& bed, Findings&) {
  return {
      {"reloads", 1500ms, [&bed, number = 0U]() mutable { reload(bed, number++); }},
      {"changes of files", 300ms, [&bed, number = 0U]() mutable { bed.change_files(number++); }},
      {"changes of names", 500ms, [&bed, number = 0U]() mutable { bed.change_names(number++); }}};
}

}  // namespace rtt::soak
