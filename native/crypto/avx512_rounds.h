// AES over registers of four blocks; internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>

#include "crypto/aesni_key.h"

namespace rp::crypto {
namespace {

inline __m512i spreadBlock(__m128i x) { return _mm512_broadcast_i32x4(x); }

inline __m512i reverseEach(__m512i x) {
  return _mm512_shuffle_epi8(x, spreadBlock(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

inline __m512i xor3(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }

inline __mmask64 firstBytes(size_t n) { return n >= 64 ? ~__mmask64(0) : (__mmask64(1) << n) - 1; }

// Four registers that go through the same steps: keeps the compiler from finishing one before it begins the next.
inline void abreast(__m512i x[4]) { __asm__("" : "+v"(x[0]), "+v"(x[1]), "+v"(x[2]), "+v"(x[3])); }

// Four registers of four blocks each, one row per lane, become four of one block of every lane; and back.
inline void transposeBlocks(__m512i x[4]) {
  const __m512i a = _mm512_shuffle_i64x2(x[0], x[1], 0x44), b = _mm512_shuffle_i64x2(x[0], x[1], 0xee);
  const __m512i c = _mm512_shuffle_i64x2(x[2], x[3], 0x44), d = _mm512_shuffle_i64x2(x[2], x[3], 0xee);
  x[0] = _mm512_shuffle_i64x2(a, c, 0x88);
  x[1] = _mm512_shuffle_i64x2(a, c, 0xdd);
  x[2] = _mm512_shuffle_i64x2(b, d, 0x88);
  x[3] = _mm512_shuffle_i64x2(b, d, 0xdd);
}

template <int kRounds, int n>
inline void encryptWide(const __m128i* keys, __m512i* x) {
  __m512i k = spreadBlock(keys[0]);
  for (int i = 0; i < n; i++) x[i] = _mm512_xor_si512(x[i], k);
#pragma GCC unroll 14
  for (int r = 1; r < kRounds; r++) {
    k = spreadBlock(keys[r]);
    for (int i = 0; i < n; i++) x[i] = _mm512_aesenc_epi128(x[i], k);
    if constexpr (n == 4) abreast(x);
  }
  k = spreadBlock(keys[kRounds]);
  for (int i = 0; i < n; i++) x[i] = _mm512_aesenclast_epi128(x[i], k);
}

}  // namespace
}  // namespace rp::crypto
