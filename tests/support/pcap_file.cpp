#include "support/pcap_file.h"

#include <bit>
#include <cstring>
#include <optional>
#include <string>

namespace rtt::support {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;

class Numbers {
 public:
  explicit Numbers(bool swapped) : swapped_(swapped) {}

  [[nodiscard]] std::uint32_t at(std::string_view bytes, std::size_t offset) const {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
  }

 private:
  bool swapped_;
};

// How much stands before the IP header; nothing: a link type that we do not know.
std::optional<std::size_t> link_header(std::uint32_t link_type) {
  switch (link_type) {
    case 1:  // LINKTYPE_ETHERNET
      return 14;
    case 12:   // DLT_RAW
    case 101:  // LINKTYPE_RAW
      return 0;
    case 113:  // LINKTYPE_LINUX_SLL
      return 16;
    case 276:  // LINKTYPE_LINUX_SLL2
      return 20;
    default:
      return std::nullopt;
  }
}

}  // namespace

base::Result<std::vector<CapturedPacket>> read_pcap(std::string_view file) {
  if (file.size() < kFileHeader) return base::Error{"too short for a capture"};
  const std::uint32_t magic = Numbers(false).at(file, 0);
  const bool swapped =
      magic == __builtin_bswap32(kMicroseconds) || magic == __builtin_bswap32(kNanoseconds);
  const Numbers numbers(swapped);
  const std::uint32_t format = numbers.at(file, 0);
  if (format != kMicroseconds && format != kNanoseconds) return base::Error{"not a pcap file"};
  const std::uint32_t link_type = numbers.at(file, 20);
  const auto skip = link_header(link_type);
  if (!skip) return base::Error{"link type " + std::to_string(link_type) + " is not known"};

  std::vector<CapturedPacket> packets;
  file.remove_prefix(kFileHeader);
  while (file.size() >= kRecordHeader) {
    const std::size_t captured = numbers.at(file, 8);
    const std::size_t wire = numbers.at(file, 12);
    const auto time =
        std::chrono::seconds(numbers.at(file, 0)) +
        base::nanoseconds(std::uint64_t{numbers.at(file, 4)} * (format == kNanoseconds ? 1 : 1000));
    file.remove_prefix(kRecordHeader);
    if (file.size() < captured) break;
    if (captured >= *skip && wire >= *skip) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(file.data()) + *skip;
      const auto packet = IpPacket::parse({bytes, captured - *skip}, wire - *skip);
      if (packet) packets.push_back({.time = time, .packet = *packet});
    }
    file.remove_prefix(captured);
  }
  return packets;
}

}  // namespace rtt::support
