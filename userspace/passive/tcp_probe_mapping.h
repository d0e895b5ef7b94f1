// A BPF array map of 64-bit words, mapped into this process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace rtt::passive {

/// Move-only. Programs write to the words at any time: touch them through the functions below only.
class MappedArray {
 public:
  /// `fd`: a map with BPF_F_MMAPABLE of at least `words` words; may be closed afterwards.
  [[nodiscard]] static base::Result<MappedArray> create(int fd, std::size_t words,
                                                        std::string_view name);
  ~MappedArray();
  MappedArray(MappedArray&& other) noexcept;
  MappedArray& operator=(MappedArray&& other) noexcept;

  [[nodiscard]] std::size_t size() const { return words_.size(); }
  /// What is loaded later is not older.
  [[nodiscard]] std::uint64_t load(std::size_t index) const {
    return std::atomic_ref(words_[index]).load(std::memory_order_acquire);
  }
  /// That it is going to be loaded.
  void prefetch(std::size_t index) const { __builtin_prefetch(&words_[index]); }
  void store(std::size_t index, std::uint64_t value) {
    std::atomic_ref(words_[index]).store(value);
  }

 private:
  explicit MappedArray(std::span<std::uint64_t> words) : words_(words) {}
  std::span<std::uint64_t> words_;
};

}  // namespace rtt::passive
