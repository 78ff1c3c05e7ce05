// The anti-replay window (RFC 4303 3.4.3) with extended sequence numbers (RFC 4303 appendix A2).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/relaxed.h"
#include "esp/status.h"

namespace rp::esp {

// A ring of words, each with the bits of 32 sequence numbers and, above them, the turn of the ring that they are of: a
// word is taken over from an older turn and marked in one step, so that several threads may use a window without a lock
// and no number is accepted twice.
class ReplayWindow {
 public:
  static constexpr uint32_t kMinimum = 32, kMaximum = 4096, kDefault = 128;

  // `size` in packets: 32..4096, or 0 for no anti-replay service. `highest` was received already, and whatever was
  // before it counts as received too. Throws ArgumentError.
  ReplayWindow(uint32_t size, bool esn, uint64_t highest = 0);

  // The whole sequence number that the 32 bits of the packet stand for (A2.2). Without ESN it is the same number.
  uint64_t extend(uint32_t low) const;
  // Before the ICV is verified: ok, replayed or beforeWindow. Changes nothing.
  Status check(uint64_t sequence) const;
  // After the ICV was verified: checks again (a batch, or another thread, may have the same packet) and, if ok, marks
  // it received.
  Status accept(uint64_t sequence);
  // The same of several, in their order and with one step for those that share a word. `statuses` has room for as many.
  void accept(std::span<const uint64_t> sequences, Status* statuses);

  uint32_t size() const { return size_; }
  bool esn() const { return esn_; }
  // The highest sequence number accepted so far.
  uint64_t highest() const { return highest_; }

 private:
  static constexpr uint32_t kBits = 32;

  // The turn, modulo 2^32: numbers of one window are never half of that apart.
  uint32_t turnOf(uint64_t sequence) const { return static_cast<uint32_t>((sequence / kBits) >> turnShift_); }
  // Of numbers that share a word; `statuses` says which were ok by check(), and which are in the end.
  void mark(std::span<const uint64_t> sequences, Status* statuses);
  Status checkBit(uint64_t word, uint64_t sequence) const;

  std::vector<Relaxed<uint64_t>> words_;
  Relaxed<uint64_t> highest_;
  uint32_t size_, mask_, turnShift_;
  bool esn_;
};

}  // namespace rp::esp
