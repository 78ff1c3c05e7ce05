#include "bench/clock.h"

#include <time.h>

#include <algorithm>
#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace rp::bench {

namespace {

uint64_t nanoseconds(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

}  // namespace

uint64_t monotonicNs() { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t threadNs() { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

namespace {

#if defined(__x86_64__)

// A counter that neither stops nor changes its rate: CPUID 8000_0007h EDX[8].
bool invariant() {
  unsigned a, b, c, d;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 0x100) != 0;
}
constexpr const char* kSource = "rdtsc";
inline uint64_t counter() {
  _mm_lfence();
  const uint64_t t = __rdtsc();
  _mm_lfence();
  return t;
}

#elif defined(__aarch64__)

bool invariant() { return true; }
constexpr const char* kSource = "cntvct";
inline uint64_t counter() {
  uint64_t t;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(t)::"memory");
  return t;
}

#else

// AArch32 kernels need not let user space read the counter.
bool invariant() { return false; }
constexpr const char* kSource = "";
inline uint64_t counter() { return 0; }

#endif

bool useCounter() {
  static const bool use = invariant();
  return use;
}

Clock calibrate() {
  Clock c{"clock_gettime", 1, 0};
  if (useCounter()) {
    const uint64_t ns = monotonicNs(), first = counter();
    uint64_t last;
    do {
      last = monotonicNs();
    } while (last - ns < 20'000'000);
    c = {kSource, double(counter() - first) / double(last - ns), 0};
  }
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 1000; i++) {
    const uint64_t before = ticks();
    least = std::min(least, ticks() - before);
  }
  c.overheadTicks = double(least);
  return c;
}

}  // namespace

uint64_t ticks() { return useCounter() ? counter() : monotonicNs(); }

const Clock& clock() {
  static const Clock c = calibrate();
  return c;
}

std::vector<double> spin(uint64_t budgetNs) {
  constexpr uint64_t kRounds = 256, kChain = 64;
  const Clock& c = clock();
  std::vector<double> rates;
  const uint64_t end = monotonicNs() + budgetNs;
  uint64_t sum = 0, step = 1;
  do {
    // Not a constant, which some cores would add while they rename.
    __asm__ volatile("" : "+r"(step));
    const uint64_t before = ticks();
    for (uint64_t i = 0; i < kRounds; i++) {
#pragma GCC unroll 64
      for (uint64_t k = 0; k < kChain; k++) {
        sum += step;
        __asm__ volatile("" : "+r"(sum));
      }
    }
    const double ns = (double(ticks() - before) - c.overheadTicks) / c.ticksPerNs;
    // A 32-bit core adds 64 bits in two instructions that depend on each other.
    if (ns > 0) rates.push_back(double(kRounds * kChain) * (sizeof(void*) == 4 ? 2 : 1) / ns);
  } while (monotonicNs() < end);
  return rates;
}

}  // namespace rp::bench
