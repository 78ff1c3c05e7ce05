// Adaptive polling: whether a packet thread looks again before it sleeps. To wake up takes longer than a packet does;
// to look for what does not come costs a core.
#pragma once
#include <cstdint>

namespace rp::dataplane {

class Polling {
 public:
  // 0 never looks: the thread sleeps whenever it has nothing to do.
  explicit Polling(uint64_t windowNs) : windowNs_(windowNs) {}

  bool awake(uint64_t nowNs) const { return nowNs < untilNs_; }
  // There was something. Only if it came so soon after what was before it that looking for it pays, the thread looks
  // for more: seldom packets, and the first ones of many, find it asleep.
  void worked(uint64_t nowNs) {
    untilNs_ = windowNs_ != 0 && nowNs - lastNs_ <= windowNs_ ? nowNs + windowNs_ : 0;
    lastNs_ = nowNs;
  }

 private:
  uint64_t windowNs_, untilNs_ = 0, lastNs_ = 0;
};

}  // namespace rp::dataplane
