#include "phc/posix_clock.h"

#include <sys/timex.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

constexpr double kScaledPpmPerPpb = 65.536;  // timex.freq counts 2^-16 ppm

}  // namespace

int64_t PosixClock::time() const {
  timespec t{};
  if (::clock_gettime(id_, &t) < 0) throw SystemError(errno, "clock_gettime", name_);
  return nanoseconds(t);
}

void PosixClock::setTime(int64_t ns) const {
  const timespec t = toTimespec(ns);
  if (::clock_settime(id_, &t) < 0) throw SystemError(errno, "clock_settime", name_);
}

int PosixClock::adjust(timex& t, const char* what) const {
  const int state = ::clock_adjtime(id_, &t);
  if (state < 0) throw SystemError(errno, "clock_adjtime", name_ + ": " + what);
  return state;
}

void PosixClock::step(int64_t ns) const {
  timex t{};
  t.modes = ADJ_SETOFFSET | ADJ_NANO;
  const timespec parts = toTimespec(ns);
  t.time.tv_sec = parts.tv_sec;
  t.time.tv_usec = parts.tv_nsec;  // nanoseconds, by ADJ_NANO
  adjust(t, "step");
}

double PosixClock::frequency() const {
  timex t{};
  adjust(t, "frequency");
  return static_cast<double>(t.freq) / kScaledPpmPerPpb;
}

void PosixClock::setFrequency(double ppb) const {
  if (!std::isfinite(ppb)) throw ArgumentError("ppb: not a number");
  timex t{};
  t.modes = ADJ_FREQUENCY;
  // Where long has 32 bits so has the kernel's scaled_ppm: 32767 ppm. Elsewhere 10^9 ppb, a clock of double speed, is
  // more than any has.
  constexpr double kMost = sizeof(long) == 4 ? std::numeric_limits<int32_t>::max() : 1e9 * kScaledPpmPerPpb;
  t.freq = static_cast<decltype(t.freq)>(std::llround(std::clamp(ppb * kScaledPpmPerPpb, -kMost, kMost)));
  adjust(t, "frequency");
}

void PosixClock::adjustPhase(int32_t ns) const {
  timex t{};
  t.modes = ADJ_OFFSET | ADJ_NANO;
  t.offset = ns;
  if (::clock_adjtime(id_, &t) < 0) {
    if (errno == EOPNOTSUPP) throw UnsupportedError("phase adjustment of " + name_, "5.8");
    throw SystemError(errno, "clock_adjtime", name_ + ": phase");
  }
}

}  // namespace rp::phc
