// Turning rows into columns in parts, each of which is one instruction for the ports and goes where they have room.
// Internal linkage, see kernel.h.
#pragma once
#include <stddef.h>

#include "crypto/avx512_ordered.h"

namespace rp::crypto {
namespace {

// Big-endian words.
alignas(64) constexpr uint8_t kWordOrder[64] = {
    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
inline const __m512i* wordOrder() { return reinterpret_cast<const __m512i*>(kWordOrder); }

struct Turns {
  using V = __m512i;
  // What waits for the next part.
  V a = V(), b = V(), c = V();

  // Of four rows with a block in each quarter rows 2 half and 2 half + 1 of the columns, in four parts.
  template <int half, int part>
  inline __attribute__((always_inline)) void turnBlocks(const void* r0, const void* r1, const void* r2, const void* r3,
                                                        void* first, void* second) {
    constexpr int kSelect = half ? 0xee : 0x44;
    if constexpr (part == 0) a = Ordered::quarters<kSelect>(Ordered::load(r0), r1);
    if constexpr (part == 1) b = Ordered::quarters<kSelect>(Ordered::load(r2), r3);
    if constexpr (part == 2) Ordered::store(first, Ordered::quarters<0x88>(a, b));
    if constexpr (part == 3) Ordered::store(second, Ordered::quarters<0xdd>(a, b));
  }
  // Of four rows words 2 pair and 2 pair + 1 in each quarter, big-endian, in six parts.
  template <int pair, int part>
  inline __attribute__((always_inline)) void toWords(const void* r0, const void* r1, const void* r2, const void* r3,
                                                     void* first, void* second) {
    if constexpr (part == 0)
      a = pair ? Ordered::highWords(Ordered::load(r0), r1) : Ordered::lowWords(Ordered::load(r0), r1);
    if constexpr (part == 1)
      b = pair ? Ordered::highWords(Ordered::load(r2), r3) : Ordered::lowWords(Ordered::load(r2), r3);
    if constexpr (part == 2) c = Ordered::lowPairs(a, b);
    if constexpr (part == 3) Ordered::store(first, Ordered::bytes(c, wordOrder()));
    if constexpr (part == 4) a = Ordered::highPairs(a, b);
    if constexpr (part == 5) Ordered::store(second, Ordered::bytes(a, wordOrder()));
  }
};

}  // namespace
}  // namespace rp::crypto
