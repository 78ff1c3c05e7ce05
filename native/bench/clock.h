// Time for measurements: the CPU's own counter where it is steady, calibrated against CLOCK_MONOTONIC, and the clock
// rate of the core itself.
#pragma once
#include <cstdint>
#include <vector>

namespace rp::bench {

uint64_t monotonicNs();
// What this thread had of its core: without the time that went to other programs.
uint64_t threadNs();

struct Clock {
  const char* source;    // "rdtsc", "cntvct" or "clock_gettime"
  double ticksPerNs;     // 1 for clock_gettime
  double overheadTicks;  // what two readings without work between them are apart
};
// Calibrated at its first use, which takes 20 ms.
const Clock& clock();
// A reading of it; earlier instructions are done before, later ones begin after.
uint64_t ticks();

// Runs chains of dependent additions, one per core cycle, for about `budgetNs`. The core's cycles per nanosecond in
// each chain of some microseconds: their middle is the clock rate, and how far they scatter is the noise of the
// machine.
std::vector<double> spin(uint64_t budgetNs);

}  // namespace rp::bench
