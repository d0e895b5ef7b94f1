#include "fuzz/dns_answer.h"

#include <algorithm>

namespace rtt::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMostBytes = 65535;
constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kNameOfQuestion = 0xc00c;

void append16(Bytes& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

class Answer {
 public:
  Answer(std::span<const std::uint8_t> query, DnsExpectation& expectation)
      : query_(query), expectation_(expectation) {
    bytes_.assign(query.begin(), query.end());
    bytes_.resize(std::max(bytes_.size(), kHeaderBytes));
    bytes_[2] = 0x81;  // a response, recursion desired
    bytes_[3] = 0x80;  // and available
    question_bytes_ = bytes_.size();
  }

  // Of the type that was asked for.
  void address(Input& input) {
    const bool v4 = asked_type() == kTypeA;
    const std::uint32_t ttl = input.u32();
    begin_record(asked_type(), ttl);
    append16(bytes_, v4 ? 4 : 16);
    base::IpAddress::Bytes address{};
    if (v4) address[10] = address[11] = 0xff;
    for (std::size_t i = v4 ? 12 : 0; i < address.size(); ++i) {
      bytes_.push_back(address[i] = input.u8());
    }
    ++records_;
    expectation_.addresses.insert(base::IpAddress(address));
    // RFC 2181, section 8: the top bit means 0.
    const std::int64_t seconds = ttl > INT32_MAX ? 0 : ttl;
    expectation_.ttl = std::min(expectation_.ttl.value_or(seconds), seconds);
  }

  void alias(Input& input) {
    expectation_.only_plain_records = false;
    begin_record(kTypeCname, input.u32());
    const auto name = input.bytes(input.u8() % 64);
    append16(bytes_, static_cast<std::uint16_t>(name.size() + 2));
    bytes_.push_back(static_cast<std::uint8_t>(name.size()));
    bytes_.insert(bytes_.end(), name.begin(), name.end());
    bytes_.push_back(0);
    ++records_;
  }

  void repeat(std::size_t times) {
    const Bytes record(bytes_.begin() + static_cast<std::ptrdiff_t>(last_record_), bytes_.end());
    for (std::size_t i = 0; i < times && bytes_.size() + record.size() <= kMostBytes; ++i) {
      bytes_.insert(bytes_.end(), record.begin(), record.end());
      records_ = static_cast<std::uint16_t>(records_ + 1);
    }
  }

  void raw(Input& input) {
    expectation_.only_plain_records = false;
    const auto more = input.bytes(input.u8());
    bytes_.insert(bytes_.end(), more.begin(), more.end());
  }

  void header(Input& input) {
    expectation_.only_plain_records = false;
    bytes_[2] = input.u8();
    bytes_[3] = input.u8();
    extra_records_ = input.u16();
  }

  void cut(Input& input) {
    expectation_.only_plain_records = false;
    bytes_.resize(std::min<std::size_t>(bytes_.size(), kHeaderBytes + input.u16()));
    last_record_ = std::min(last_record_, bytes_.size());
  }

  [[nodiscard]] Bytes finish() {
    records_ = static_cast<std::uint16_t>(records_ + extra_records_);
    bytes_[6] = static_cast<std::uint8_t>(records_ >> 8U);
    bytes_[7] = static_cast<std::uint8_t>(records_);
    bytes_.resize(std::min(bytes_.size(), kMostBytes));
    return std::move(bytes_);
  }

 private:
  [[nodiscard]] std::uint16_t asked_type() const {
    if (question_bytes_ < kHeaderBytes + 4) return kTypeA;
    return query_[question_bytes_ - 3] == kTypeAaaa ? kTypeAaaa : kTypeA;
  }
  void begin_record(std::uint16_t type, std::uint32_t ttl) {
    last_record_ = bytes_.size();
    append16(bytes_, kNameOfQuestion);
    append16(bytes_, type);
    append16(bytes_, 1);  // class IN
    append16(bytes_, static_cast<std::uint16_t>(ttl >> 16U));
    append16(bytes_, static_cast<std::uint16_t>(ttl));
  }

  std::span<const std::uint8_t> query_;
  DnsExpectation& expectation_;
  Bytes bytes_;
  std::size_t question_bytes_ = 0;
  std::size_t last_record_ = kHeaderBytes;
  std::uint16_t records_ = 0;
  std::uint16_t extra_records_ = 0;
};

}  // namespace

std::vector<std::uint8_t> dns_answer(std::span<const std::uint8_t> query, Input& input,
                                     DnsExpectation& expectation) {
  Answer answer(query, expectation);
  for (int steps = input.u8() % 64; steps > 0; --steps) {
    switch (input.u8() % 8) {
      case 0:
      case 1:
      case 2:
        answer.address(input);
        break;
      case 3:
        answer.alias(input);
        break;
      case 4:
        answer.repeat(std::size_t{1} << input.u8() % 13);
        break;
      case 5:
        answer.raw(input);
        break;
      case 6:
        answer.header(input);
        break;
      default:
        answer.cut(input);
    }
  }
  return answer.finish();
}

}  // namespace rtt::fuzz
