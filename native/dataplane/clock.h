// The two clocks of SAs: lifetimes run on one that is never set, `installed-sa` shows the other.
#pragma once
#include <cstdint>
#include <ctime>

namespace rp::dataplane {

inline uint64_t monotonicNs() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

// Coarse: a few milliseconds late, a few nanoseconds to read.
inline int64_t realtimeMs() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &t);
  return static_cast<int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace rp::dataplane
