#include "esp/replay_window.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/error.h"

namespace rp::esp {

ReplayWindow::ReplayWindow(uint32_t size, bool esn, uint64_t highest)
    : highest_(highest), size_(size), mask_(0), turnShift_(0), esn_(esn) {
  if (size != 0 && (size < kMinimum || size > kMaximum)) {
    throw ArgumentError("replayWindow: 0 or " + std::to_string(kMinimum) + ".." + std::to_string(kMaximum) + ", got " +
                        std::to_string(size));
  }
  if (size == 0) return;
  // One word more than the window: the word that the highest number is in may be partly ahead of it.
  const uint32_t words = std::bit_ceil((size + kBits - 1) / kBits + 1);
  words_.resize(words);
  mask_ = words - 1;
  turnShift_ = static_cast<uint32_t>(std::countr_zero(words));
  if (highest == 0) return;
  const uint64_t last = highest / kBits;
  for (uint64_t i = last; i + words > last; i--) {
    const uint64_t bits = i == last ? ~uint32_t(0) >> (kBits - 1 - highest % kBits) : ~uint32_t(0);
    words_[i & mask_] = uint64_t(turnOf(i * kBits)) << kBits | bits;
    if (i == 0) break;
  }
}

uint64_t ReplayWindow::extend(uint32_t low) const {
  if (!esn_) return low;
  const uint32_t window = size_ != 0 ? size_ : kMaximum;
  const uint64_t highest = highest_;
  const uint32_t th = uint32_t(highest >> 32), tl = uint32_t(highest);
  const uint32_t bottom = tl - window + 1;  // modulo 2^32, as A2.1 has it
  uint32_t high = th;
  if (tl >= window - 1) {
    if (low < bottom) high = th + 1;
  } else if (low >= bottom) {
    // The window reaches back into the subspace before; before the first there is nothing.
    if (th == 0) return 0;
    high = th - 1;
  }
  return uint64_t(high) << 32 | low;
}

Status ReplayWindow::checkBit(uint64_t word, uint64_t sequence) const {
  const auto turns = static_cast<int32_t>(turnOf(sequence) - static_cast<uint32_t>(word >> kBits));
  // Another thread may have gone on by a whole turn since the window was looked at.
  if (turns < 0) return Status::beforeWindow;
  return turns == 0 && (word >> (sequence % kBits) & 1) != 0 ? Status::replayed : Status::ok;
}

Status ReplayWindow::check(uint64_t sequence) const {
  if (size_ == 0) return Status::ok;
  if (sequence == 0) return Status::beforeWindow;
  const uint64_t highest = highest_;
  if (sequence > highest) return Status::ok;
  if (highest - sequence >= size_) return Status::beforeWindow;
  return checkBit(words_[(sequence / kBits) & mask_], sequence);
}

void ReplayWindow::mark(std::span<const uint64_t> sequences, Status* statuses) {
  const uint64_t turn = uint64_t(turnOf(sequences[0])) << kBits;
  Relaxed<uint64_t>& shared = words_[(sequences[0] / kBits) & mask_];
  for (;;) {
    const uint64_t before = shared;
    uint64_t word = before;
    for (size_t i = 0; i < sequences.size(); i++) {
      statuses[i] = check(sequences[i]);
      // check() saw the shared word; this one has the numbers of this call too.
      if (statuses[i] == Status::ok) statuses[i] = checkBit(word, sequences[i]);
      if (statuses[i] != Status::ok) continue;
      const uint64_t bit = uint64_t(1) << (sequences[i] % kBits);
      word = word >> kBits == turn >> kBits ? word | bit : turn | bit;
    }
    if (word == before || shared.replace(before, word)) return;
  }
}

void ReplayWindow::accept(std::span<const uint64_t> sequences, Status* statuses) {
  uint64_t newest = 0;
  for (size_t first = 0; first < sequences.size();) {
    size_t end = first + 1;
    while (end < sequences.size() && sequences[end] / kBits == sequences[first] / kBits) end++;
    if (size_ == 0)
      std::fill(statuses + first, statuses + end, Status::ok);
    else
      mark(sequences.subspan(first, end - first), statuses + first);
    for (; first < end; first++) {
      if (statuses[first] == Status::ok) newest = std::max(newest, sequences[first]);
    }
    if (newest > highest_) highest_.raiseTo(newest);
  }
}

Status ReplayWindow::accept(uint64_t sequence) {
  Status status;
  accept({&sequence, 1}, &status);
  return status;
}

}  // namespace rp::esp
