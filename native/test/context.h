// The context of a kernel, expanded from a key.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace rp::test {

struct Context {
  void* memory;
  template <class Kernel>
  Context(const Kernel& kernel, const std::vector<uint8_t>& key)
      : memory(std::aligned_alloc(64, (kernel.contextBytes + 63) & ~63ul)) {
    std::memset(memory, 0, kernel.contextBytes);
    kernel.expand(memory, key.data(), key.size());
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { std::free(memory); }
};

}  // namespace rp::test
