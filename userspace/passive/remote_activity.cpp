#include "passive/remote_activity.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace rtt::passive {
namespace {

constexpr std::size_t kLeastCapacity = 64;

}  // namespace

RemoteActivity::Words RemoteActivity::words(const base::IpAddress& address) {
  Words words{};
  static_assert(sizeof words == sizeof address.bytes());
  std::memcpy(&words, address.bytes().data(), sizeof words);
  return words;
}

void RemoteActivity::set_networks(const std::vector<base::IpPrefix>& networks) {
  networks_.clear();
  const base::IpAddress ones(base::IpAddress::Bytes{255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255});
  for (const base::IpPrefix& network : networks) {
    networks_.push_back(
        {words(base::IpPrefix(ones, network.length_in_128()).address()), words(network.address())});
  }
  kept_.clear();
  std::copy_if(
      entries_.begin(), entries_.end(), std::back_inserter(kept_),
      [&](const Entry& entry) { return entry.segments != 0 && is_inside(words(entry.address)); });
  refill(kept_);
  kept_ = {};
}

bool RemoteActivity::is_inside(const Words& words) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return (words.high & network.mask.high) == network.value.high &&
           (words.low & network.mask.low) == network.value.low;
  });
}

// Clients can choose their addresses, but do not know the seed.
RemoteActivity::Entry& RemoteActivity::find(const base::IpAddress& address) {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;
  const auto [high, low] = words(address);
  std::uint64_t hash = (high ^ seed_) * kGoldenRatio;
  hash = (hash ^ (hash >> 32U) ^ low) * kGoldenRatio;
  hash = (hash ^ (hash >> 32U)) * kGoldenRatio;
  std::size_t index = (hash >> 32U) & (entries_.size() - 1);
  while (entries_[index].segments != 0 && entries_[index].address != address) {
    index = (index + 1) & (entries_.size() - 1);
  }
  return entries_[index];
}

void RemoteActivity::count(const base::IpAddress& remote, std::uint32_t segments) {
  if (!is_inside(words(remote))) return;
  if (used_ == kMaxAddresses || (used_ + 1) * 2 > entries_.size()) make_room();
  Entry& entry = find(remote);
  if (entry.segments == 0) {
    entry.address = remote;
    ++used_;
  }
  entry.segments += segments;
}

void RemoteActivity::make_room() {
  kept_.clear();
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(kept_),
               [](const Entry& entry) { return entry.segments != 0; });
  if (kept_.size() == kMaxAddresses) {
    const auto half = kept_.begin() + kMaxAddresses / 2;
    std::nth_element(kept_.begin(), half, kept_.end(),
                     [](const Entry& a, const Entry& b) { return a.segments > b.segments; });
    dropped_ += static_cast<std::uint64_t>(kept_.end() - half);
    kept_.erase(half, kept_.end());
    // Of equals mostly those from the front of the table stay: put there again, they would crowd.
    seed_ = base::random_u64();
  }
  refill(kept_);
}

// Between a quarter and a half full; room for one more.
void RemoteActivity::refill(const std::vector<Entry>& entries) {
  if (networks_.empty()) {
    entries_ = {};
  } else {
    entries_.assign(std::max(kLeastCapacity, std::bit_ceil(entries.size() * 2 + 1)), {});
  }
  used_ = entries.size();
  for (const Entry& entry : entries) find(entry.address) = entry;
}

std::vector<ActiveRemote> RemoteActivity::take_busiest(
    std::size_t most, const std::function<bool(const base::IpAddress&)>& wanted) {
  std::vector<ActiveRemote> found;
  for (const Entry& entry : entries_) {
    if (entry.segments == 0 || (wanted && !wanted(entry.address))) continue;
    found.push_back({entry.address, entry.segments});
  }
  refill({});
  const std::size_t count = std::min(most, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    [](const ActiveRemote& a, const ActiveRemote& b) {
                      return a.segments != b.segments ? a.segments > b.segments
                                                      : a.address < b.address;
                    });
  found.resize(count);
  return found;
}

}  // namespace rtt::passive
