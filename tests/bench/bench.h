// The one function that each benchmark program defines; bench_main.cpp calls it.
#pragma once

namespace rtt::bench {

/// Measures its part of docs/performance.md and prints the table. Errors are thrown.
void run();

}  // namespace rtt::bench
