// Aligned memory for a key schedule, zeroed at both ends of its life.
#pragma once
#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#include "base/wipe.h"

namespace rp::crypto {

class SecretBlock {
 public:
  SecretBlock() = default;
  explicit SecretBlock(size_t bytes) : memory_(::operator new(bytes, kAlignment)), bytes_(bytes) {
    std::memset(memory_, 0, bytes_);
  }
  SecretBlock(SecretBlock&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  SecretBlock& operator=(SecretBlock&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~SecretBlock() {
    if (memory_ == nullptr) return;
    wipe(memory_, bytes_);
    ::operator delete(memory_, kAlignment);
  }
  void* get() const { return memory_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace rp::crypto
