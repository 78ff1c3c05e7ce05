// What the kernel says of CLOCK_REALTIME, and marks upon it: adjtimex(2). Its time and frequency are PosixClock's.
#pragma once
#include <cstdint>

namespace rp::phc {

struct SystemClockStatus {
  bool synchronized = false;  // not STA_UNSYNC: something keeps it, and said so
  bool insertLeap = false;    // STA_INS, STA_DEL: at the end of this UTC day
  bool deleteLeap = false;
  int32_t taiOffset = 0;  // s; 0 if nobody set it
  int64_t maximumErrorNs = 0;
  int64_t frequencyPpb = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("synchronized", self.synchronized);
    v("insertLeap", self.insertLeap);
    v("deleteLeap", self.deleteLeap);
    v("taiOffset", self.taiOffset);
    v("maximumErrorNs", self.maximumErrorNs);
    v("frequencyPpb", self.frequencyPpb);
  }
};

SystemClockStatus systemClockStatus();
// `leap`: 1 inserts a second at the end of the UTC day, -1 takes one away. Marks the clock as synchronised, so that the
// kernel keeps the hardware clock of the machine (RTC) too, with that error.
void markSystemClock(int32_t leap, int32_t taiOffset, int64_t maximumErrorNs);

}  // namespace rp::phc
