#include "soak/load.h"

#include <exception>
#include <thread>

#include "base/clock.h"

namespace rtt::soak {

Load::Load(Bed& bed, Findings& findings) {
  for (const auto& some : {traffic(bed), web_clients(bed, findings), changes(bed, findings)}) {
    for (const Activity& activity : some) {
      findings.expect(activity.name);
      running_.emplace_back(bed.here, [this, activity, &findings] {
        const base::TimePoint begin = base::Clock::now();
        try {
          activity.act();
          findings.did(activity.name, base::Clock::now() - begin);
        } catch (const std::exception& error) {
          findings.add(activity.name + ": " + error.what());
        }
        if (!stopping_) std::this_thread::sleep_for(activity.pause);
        return !stopping_;
      });
    }
  }
}

}  // namespace rtt::soak
