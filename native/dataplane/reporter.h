// Counts what happens to packets and SAs and tells the owner, never more often than he can bear.
#pragma once
#include <array>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/relaxed.h"
#include "dataplane/event.h"
#include "dataplane/sa.h"
#include "dataplane/spd.h"

namespace rp::dataplane {

// What the reporters of all packet threads share, so that the owner hears everything once.
struct Reports {
  explicit Reports(const CounterPages& counters) : counters(counters) {}

  const CounterPages& counters;
  std::array<Relaxed<uint64_t>, kCounters> droppedAtNs{};
  // For a peer that has moved, which is rare.
  std::mutex mapping;
};

// Belongs to one packet thread.
class Reporter {
 public:
  Reporter(Counters& counters, EventQueue& events, Reports& reports)
      : counters_(counters), events_(events), reports_(reports) {}

  // Read once per batch: a clock call per packet would cost more than the packet.
  void setTime(uint64_t nowNs, int64_t realtimeMs) {
    nowNs_ = nowNs;
    realtimeMs_ = realtimeMs;
  }
  uint64_t nowNs() const { return nowNs_; }
  int64_t realtimeMs() const { return realtimeMs_; }

  // Before what is counted can be seen elsewhere: counters are never behind the packets.
  void count(Counter counter, uint64_t n = 1) { counters_.add(counter, n); }
  // Takes back what did not come about.
  void uncount(Counter counter, uint64_t n) { counters_.add(counter, ~n + 1); }
  // Counts, and reports at most once per counter and second.
  void drop(Counter counter, const Address& address = {}, uint32_t spi = 0);
  // At most once per policy and second until forgetAcquire().
  void acquire(SpdEntry& entry, const Flow& flow);
  // Soft and hard limits that `sa` has reached, each once.
  void expire(Sa& sa);
  void mapping(Sa& sa, const Endpoint& remote);
  // The device is gone; it is there again.
  void failed(int error, const char* syscall);
  void recovered();

  // True once since the last call if something was queued.
  bool takeWake() { return std::exchange(wake_, false); }
  void wake() { wake_ = true; }

 private:
  bool push(const Event& event);

  Counters& counters_;
  EventQueue& events_;
  uint64_t nowNs_ = 0;
  int64_t realtimeMs_ = 0;
  Reports& reports_;
  bool wake_ = false;
};

}  // namespace rp::dataplane
