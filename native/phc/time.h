// Time as int64 nanoseconds since the epoch of its clock, from and to what the kernel uses.
#pragma once
#include <linux/ptp_clock.h>

#include <cstdint>
#include <ctime>

namespace rp::phc {

inline constexpr int64_t kSecond = 1'000'000'000;

inline int64_t nanoseconds(const timespec& t) { return static_cast<int64_t>(t.tv_sec) * kSecond + t.tv_nsec; }
inline int64_t nanoseconds(const ptp_clock_time& t) { return t.sec * kSecond + t.nsec; }

// tv_nsec is never negative: -1 ns is { -1, 999999999 }.
inline timespec toTimespec(int64_t ns) {
  int64_t seconds = ns / kSecond, rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  timespec t{};
  t.tv_sec = static_cast<time_t>(seconds);
  t.tv_nsec = static_cast<decltype(t.tv_nsec)>(rest);
  return t;
}

inline ptp_clock_time toPtpClockTime(int64_t ns) {
  const timespec t = toTimespec(ns);
  ptp_clock_time p{};
  p.sec = t.tv_sec;
  p.nsec = static_cast<uint32_t>(t.tv_nsec);
  return p;
}

inline int64_t now(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return nanoseconds(t);
}

}  // namespace rp::phc
