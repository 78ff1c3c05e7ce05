// xorshift64: the same bytes in every run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rp::test {

struct Random {
  uint64_t state = 0x9e3779b97f4a7c15;
  uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
  void fill(uint8_t* p, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) p[i] = uint8_t(next() >> 32);
  }
  std::vector<uint8_t> bytes(size_t n) {
    std::vector<uint8_t> b(n);
    fill(b.data(), n);
    return b;
  }
};

}  // namespace rp::test
