// Packet memory: aligned to cache lines, touched before the first packet comes (a page fault costs as much as ten
// packets).
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace rp::dataplane {

class Arena {
 public:
  explicit Arena(size_t bytes) : memory_(static_cast<uint8_t*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64))) {
    if (memory_ == nullptr) throw std::bad_alloc();
    std::memset(memory_.get(), 0, bytes);
  }
  uint8_t* at(size_t offset) { return memory_.get() + offset; }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t, Free> memory_;
};

}  // namespace rp::dataplane
