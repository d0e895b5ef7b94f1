#include "passive/tcp_probe_mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <utility>

#include "passive/tcp_probe_requirements.h"

namespace rtt::passive {

base::Result<MappedArray> MappedArray::create(int fd, std::size_t words, std::string_view name) {
  void* address =
      mmap(nullptr, words * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) {
    return bpf_error("cannot map the BPF map " + std::string(name), errno);
  }
  return MappedArray({static_cast<std::uint64_t*>(address), words});
}

MappedArray::~MappedArray() {
  if (!words_.empty()) munmap(words_.data(), words_.size_bytes());
}

MappedArray::MappedArray(MappedArray&& other) noexcept : words_(std::exchange(other.words_, {})) {}

MappedArray& MappedArray::operator=(MappedArray&& other) noexcept {
  std::swap(words_, other.words_);
  return *this;
}

}  // namespace rtt::passive
