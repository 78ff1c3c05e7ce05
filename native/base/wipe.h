// Forgets secrets in a way that the compiler may not optimise away.
#pragma once
#include <string.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rp {

inline void wipe(void* p, size_t bytes) { ::explicit_bzero(p, bytes); }

// Every block that a container gives back, also when it grows, is wiped first.
template <class T>
struct WipingAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = WipingAllocator<U>;
  };
  void deallocate(T* p, size_t n) {
    wipe(p, n * sizeof(T));
    std::allocator<T>::deallocate(p, n);
  }
};

// Octets that may be keys.
using SecretBytes = std::vector<uint8_t, WipingAllocator<uint8_t>>;

}  // namespace rp
