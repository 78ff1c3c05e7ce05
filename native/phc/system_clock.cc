#include "phc/system_clock.h"

#include <sys/timex.h>

#include <cerrno>

#include "base/error.h"

namespace rp::phc {
namespace {

timex adjust(timex t) {
  if (::adjtimex(&t) < 0) throw SystemError(errno, "adjtimex");
  return t;
}

}  // namespace

SystemClockStatus systemClockStatus() {
  const timex t = adjust({});
  SystemClockStatus s;
  s.synchronized = (t.status & STA_UNSYNC) == 0;
  s.insertLeap = (t.status & STA_INS) != 0;
  s.deleteLeap = (t.status & STA_DEL) != 0;
  s.taiOffset = t.tai;
  s.maximumErrorNs = static_cast<int64_t>(t.maxerror) * 1000;
  s.frequencyPpb = static_cast<int64_t>(static_cast<double>(t.freq) / 65.536);
  return s;
}

void markSystemClock(int32_t leap, int32_t taiOffset, int64_t maximumErrorNs) {
  timex t{};
  t.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR;
  // Not STA_PLL: the rate is ours to set.
  t.status = leap > 0 ? STA_INS : leap < 0 ? STA_DEL : 0;
  t.maxerror = t.esterror = static_cast<decltype(t.maxerror)>(maximumErrorNs / 1000);
  adjust(t);
  timex tai{};
  tai.modes = ADJ_TAI;
  tai.constant = taiOffset;
  adjust(tai);
}

}  // namespace rp::phc
