// What the packet thread tells its owner, and the bounded queue it goes through.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "dataplane/counters.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/sa.h"

namespace rp::dataplane {

enum class EventType : uint8_t { kAcquire, kExpire, kMapping, kDrop, kFailed, kRecovered };

struct Event {
  EventType type = EventType::kFailed;
  uint32_t policy = 0;  // acquire
  uint32_t reqid = 0;   // acquire, expire, mapping
  Flow flow;            // acquire
  SaKey sa;             // expire, mapping; drop: spi alone
  Direction direction = Direction::kIn;
  bool hard = false;         // expire
  Endpoint remote;           // mapping; drop: the address alone
  Counter counter{};         // drop
  uint64_t total = 0;        // drop
  int error = 0;             // failed: errno
  const char* syscall = "";  // failed: a literal
};

// One producer, one consumer, no lock. Sized once.
class EventQueue {
 public:
  explicit EventQueue(size_t capacity) : slots_(capacity + 1) {}

  // False if it is full: the producer keeps what it wanted to tell and tries again.
  bool push(const Event& event) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    const size_t next = tail + 1 == slots_.size() ? 0 : tail + 1;
    if (next == head_.load(std::memory_order_acquire)) return false;
    slots_[tail] = event;
    tail_.store(next, std::memory_order_release);
    return true;
  }
  bool pop(Event& event) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    event = slots_[head];
    head_.store(head + 1 == slots_.size() ? 0 : head + 1, std::memory_order_release);
    return true;
  }

 private:
  std::vector<Event> slots_;
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace rp::dataplane
