// The SPD: ordered, first match wins.
#pragma once
#include <cstdint>
#include <vector>

#include "base/relaxed.h"
#include "dataplane/policy.h"

namespace rp::dataplane {

class Sa;

// A policy and what the packet thread remembers of it.
struct SpdEntry {
  Policy policy;
  // CLOCK_MONOTONIC; 0 before the first acquire and after an SA came.
  Relaxed<uint64_t> acquiredAtNs;
};

// Packet threads read it together; replace() wants it alone.
class Spd {
 public:
  // Entries whose policy is unchanged keep their state.
  void replace(std::vector<Policy> policies);
  // The first entry whose selector matches in this direction, or nullptr. Valid until replace().
  SpdEntry* match(const Flow& flow, Direction direction);
  // True if a policy in front of `match` (all of them if that is nullptr) that encrypts or discards may be the one of
  // this fragment: it must not go on as if it were not (RFC 4301 7.3, 7.4).
  bool isUndecided(const Flow& flow, Direction direction, const SpdEntry* match) const;
  // One SA came or went: the policies of this reqid may ask again at once.
  void forgetAcquire(uint32_t reqid);

  const std::vector<SpdEntry>& entries() const { return entries_; }
  SpdEntry& entry(size_t index) { return entries_[index]; }
  // Another number after each replace().
  uint32_t generation() const { return generation_; }

 private:
  std::vector<SpdEntry> entries_;
  uint32_t generation_ = 1;
};

// One thread's view of the SPD: a direct-mapped cache of flows spares the walk for the packets of a known flow.
class SpdCache {
 public:
  explicit SpdCache(Spd& spd) : spd_(spd), slots_(kSlots) {}

  SpdEntry* match(const Flow& flow, Direction direction);
  // The SA that was chosen for the flow of the last match(), if the SAD is that of then; or nullptr.
  Sa* sa(uint32_t sadGeneration) const {
    return last_ != nullptr && last_->sadGeneration == sadGeneration ? last_->sa : nullptr;
  }
  void remember(Sa* sa, uint32_t sadGeneration) {
    if (last_ != nullptr) last_->sa = sa, last_->sadGeneration = sadGeneration;
  }
  bool isUndecided(const Flow& flow, Direction direction, const SpdEntry* match) const {
    return spd_.isUndecided(flow, direction, match);
  }

 private:
  struct Slot {
    Address source, destination;
    uint32_t ports = 0;
    uint32_t generation = 0;
    int32_t entry = -1;
    uint8_t protocol = 0;
    Direction direction = Direction::kOut;
    bool opaque = false;
    uint32_t sadGeneration = 0;
    Sa* sa = nullptr;
  };
  static constexpr size_t kSlots = 1024;
  // Below this a walk is as fast as the cache.
  static constexpr size_t kCacheFrom = 4;

  Spd& spd_;
  std::vector<Slot> slots_;
  // Of the last match(), if it has one.
  Slot* last_ = nullptr;
};

}  // namespace rp::dataplane
