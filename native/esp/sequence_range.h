// Sequence numbers that one thread took of an SA for a batch of packets.
#pragma once
#include <cstdint>
#include <span>

#include "esp/encapsulate.h"

namespace rp::esp {

// What is not used goes back when the range ends, so that a packet that fails costs no number, unless another thread
// took some meanwhile: then there is a gap, which a receiver does not mind (RFC 4303 3.4.3).
class SequenceRange {
 public:
  SequenceRange() = default;
  SequenceRange(const SequenceRange&) = delete;
  SequenceRange& operator=(const SequenceRange&) = delete;
  ~SequenceRange() { release(); }

  // The number of the first packet of `rest`; 0 if its SA has none left. Those after it that are of its SA are thought
  // of.
  uint64_t next(std::span<const OutboundPacket> rest) {
    OutboundSa& sa = *rest.front().sa;
    if (sa_ != &sa) release();
    if (count_ == 0) {
      uint32_t same = 1;
      while (same < rest.size() && rest[same].sa == &sa) ++same;
      sa_ = &sa;
      count_ = sa.take(same, next_);
      if (count_ == 0) return 0;
    }
    --count_;
    return next_++;
  }

 private:
  void release() {
    if (count_ > 0) sa_->giveBack(next_, count_);
    count_ = 0;
  }

  OutboundSa* sa_ = nullptr;
  uint64_t next_ = 0;
  uint32_t count_ = 0;
};

}  // namespace rp::esp
