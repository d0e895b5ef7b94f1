#include "web/password_checker.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace rtt::web {

struct PasswordChecker::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;  // the first one is being worked on
  bool stopped = false;
};

PasswordChecker::PasswordChecker(Limits limits)
    : limits_(limits), state_(std::make_shared<State>()) {
  std::thread([state = state_] { run(state); }).detach();
}

bool PasswordChecker::submit(Job job) {
  const std::lock_guard lock(state_->mutex);
  const auto of_client = std::ranges::count(state_->jobs, job.client, &Job::client);
  if (state_->stopped || state_->jobs.size() >= limits_.waiting ||
      static_cast<std::size_t>(of_client) >= limits_.waiting_per_client) {
    return false;
  }
  state_->jobs.push_back(std::move(job));
  state_->changed.notify_one();
  return true;
}

void PasswordChecker::stop() {
  std::deque<Job> unfinished;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    unfinished.swap(state_->jobs);
    state_->changed.notify_one();
  }
  for (const Job& job : unfinished) job.done(std::nullopt);
}

void PasswordChecker::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->stopped || !state->jobs.empty(); });
    if (state->stopped) return;
    const std::shared_ptr<PasswordUsers> users = state->jobs.front().users;
    const PasswordClaim claim = state->jobs.front().claim;
    lock.unlock();
    // The same claim may have been found right while this one waited.
    const bool right = users->remembers(claim) || users->check(claim);
    lock.lock();
    if (state->stopped) return;
    const Job job = std::move(state->jobs.front());
    state->jobs.pop_front();
    // Under the lock, so that no job is on its way once stop() has returned.
    job.done(right);
  }
}

}  // namespace rtt::web
