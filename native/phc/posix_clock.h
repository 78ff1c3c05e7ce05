// The clock calls that a PTP hardware clock and the system clock have in common: clock_gettime, clock_settime and
// clock_adjtime(2) on a clockid_t.
#pragma once
#include <cstdint>
#include <ctime>
#include <string>

struct timex;

namespace rp::phc {

class PosixClock {
 public:
  // `name` is for messages.
  PosixClock(clockid_t id, std::string name) : id_(id), name_(std::move(name)) {}

  clockid_t id() const { return id_; }
  int64_t time() const;
  void setTime(int64_t ns) const;
  // Steps by `ns` (ADJ_SETOFFSET): no time between reading and setting is lost.
  void step(int64_t ns) const;
  // The clock runs faster than its oscillator by so many parts per billion (ADJ_FREQUENCY, in steps of 2^-16 ppm).
  double frequency() const;
  void setFrequency(double ppb) const;
  // ADJ_OFFSET: the clock's own servo takes `ns` away. UnsupportedError where it has none.
  void adjustPhase(int32_t ns) const;

 private:
  int adjust(timex& t, const char* what) const;

  clockid_t id_;
  std::string name_;
};

}  // namespace rp::phc
