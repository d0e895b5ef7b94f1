// The programs that are compared on the kernel's tcp_probe tracepoint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rtt::bench {

/// What the kernel counted for a program while its run-time statistics were on.
struct RunStatistics {
  std::uint64_t runs = 0;
  std::uint64_t time_ns = 0;
};

/// Attached while it lives.
class Subject {
 public:
  virtual ~Subject() = default;
  /// Of the program on tcp_probe.
  [[nodiscard]] virtual RunStatistics statistics() const = 0;
};

/// A program that returns at once.
[[nodiscard]] std::unique_ptr<Subject> attach_empty();
/// The program inside Debian's tcprtt (libbpf-tools), as it is, on this hook: its own ones,
/// fentry and kprobe of tcp_rcv_established(), are not in every kernel, and the tracepoint is the
/// first thing in that function.
[[nodiscard]] std::unique_ptr<Subject> attach_tcprtt();
/// Programs that only read what tcprtt's, and the product's, samples are made of.
[[nodiscard]] std::unique_ptr<Subject> attach_read_of_tcprtt();
[[nodiscard]] std::unique_ptr<Subject> attach_reads_of_exporter();
/// The product, with the default buckets and `prefixes` configured networks: 127.0.0.0/24,
/// 127.0.1.0/24, ...
[[nodiscard]] std::unique_ptr<Subject> attach_exporter(int prefixes);

}  // namespace rtt::bench
