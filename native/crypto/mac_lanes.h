// Which message of a batch of MACs each lane is at, and where in it. Internal linkage, see kernel.h.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

template <int kLanes>
struct MacLanes {
  MacJob* job[kLanes] = {};
  const uint8_t* at[kLanes];
  size_t left[kLanes] = {}, step[kLanes];  // blocks, bytes; `step` is 0 for a lane that has nothing left to do
  enum Part : uint8_t { head, text, tail } part[kLanes];
  MacJob *next, *const end;
  // What lanes without a message go through the motions on.
  alignas(64) uint8_t idle[64] = {};

  MacLanes(MacJob* jobs, size_t count) : next(jobs), end(jobs + count) {}

  // Gives the lane the next message that is `wanted`; nullptr if there is none.
  template <class Wanted>
  MacJob* take(int lane, Wanted wanted) {
    while (next < end && !wanted(*next)) next++;
    if (next == end) {
      job[lane] = nullptr;
      at[lane] = idle;
      left[lane] = step[lane] = 0;
      return nullptr;
    }
    job[lane] = next++;
    part[lane] = head;
    at[lane] = job[lane]->head;
    left[lane] = job[lane]->headBlocks;
    step[lane] = 16;
    if (left[lane] == 0) turn(lane);
    return job[lane];
  }

  // As many blocks as every busy lane has before it; 0 if none is busy.
  size_t shortest() const {
    size_t blocks = 0;
    for (const size_t n : left) blocks = n != 0 && (blocks == 0 || n < blocks) ? n : blocks;
    return blocks;
  }
  // `at` has moved on already. True: the message is at its end.
  bool advance(int lane, size_t blocks) {
    if (left[lane] == 0) return false;
    left[lane] -= blocks;
    return left[lane] == 0 && !turn(lane);
  }

 private:
  // To the next part that has blocks; false if there is none.
  bool turn(int lane) {
    const MacJob& j = *job[lane];
    if (part[lane] == head) {
      part[lane] = text;
      at[lane] = j.text;
      left[lane] = j.textBlocks;
      if (left[lane] > 0) return true;
    }
    if (part[lane] == text) {
      part[lane] = tail;
      at[lane] = j.tail;
      left[lane] = j.tailBlocks;
      return left[lane] > 0;
    }
    return false;
  }
};

}  // namespace
}  // namespace rp::crypto
