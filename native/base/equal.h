// Compares secrets in a time that does not tell where they differ.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/declassify.h"

namespace rp {

inline bool equal(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint64_t difference = 0;
  size_t i = 0;
  for (; i + 8 <= bytes; i += 8) difference |= load<uint64_t>(a + i) ^ load<uint64_t>(b + i);
  for (; i < bytes; i++) difference |= uint64_t(a[i] ^ b[i]);
  // Hidden from the optimiser, which must not turn the loop into an early exit.
  __asm__("" : "+r"(difference));
  return declassify(difference == 0);
}

}  // namespace rp
