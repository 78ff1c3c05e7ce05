// Rows of sixteen words for columns, in registers; internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>

namespace rp::crypto {
namespace {

inline void transposeWords16(__m512i r[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const __m512i a = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88), b = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88),
                  d = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    t[i] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) r[i] = t[i];
}

// Eight rows of eight words of 64 bits.
inline void transposeLongs8(__m512i r[8]) {
  __m512i t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const __m512i a = _mm512_shuffle_i64x2(t[i], t[i + 2], 0x88), b = _mm512_shuffle_i64x2(t[i], t[i + 2], 0xdd);
    const __m512i c = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0x88),
                  d = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0xdd);
    r[i] = _mm512_shuffle_i64x2(a, c, 0x88);
    r[i + 4] = _mm512_shuffle_i64x2(a, c, 0xdd);
    r[i + 2] = _mm512_shuffle_i64x2(b, d, 0x88);
    r[i + 6] = _mm512_shuffle_i64x2(b, d, 0xdd);
  }
}

}  // namespace
}  // namespace rp::crypto
