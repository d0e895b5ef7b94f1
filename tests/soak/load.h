// Everything at once that a daemon meets, for as long as the object lives.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "soak/bed.h"
#include "soak/findings.h"
#include "support/traffic.h"

namespace rtt::soak {

/// One kind of load, run again and again on a thread of its own inside `here`; a call takes seconds at most. What it
/// throws is a finding.
struct Activity {
  std::string name;
  std::chrono::milliseconds pause;  // between two calls
  std::function<void()> act;
};

/// TCP connections of this host: short, long, in bulk; and the echo server's clients.
[[nodiscard]] std::vector<Activity> traffic(const Bed& bed);
/// Scrapes in every format, bursts of /probe, and clients that hang or send rubbish.
[[nodiscard]] std::vector<Activity> web_clients(const Bed& bed, Findings& findings);
/// Reloads, good ones and bad ones, and files and names that change.
[[nodiscard]] std::vector<Activity> changes(Bed& bed, Findings& findings);

class Load {
 public:
  /// Both must outlive it. Counts each call in `findings`.
  Load(Bed& bed, Findings& findings);
  /// Waits for the calls that are under way.
  ~Load() { stopping_ = true; }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  std::atomic<bool> stopping_ =
      false;  // all at once: each Traffic alone would wait for the one before it
  std::list<support::Traffic> running_;
};

}  // namespace rtt::soak
