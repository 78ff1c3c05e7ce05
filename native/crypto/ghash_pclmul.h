// GHASH with PCLMULQDQ (Gueron and Kounavis, "Intel carry-less multiplication instruction and its usage for computing
// the GCM mode"); internal linkage, see kernel.h. Operands are byte-reversed blocks.
#pragma once
#include <immintrin.h>
#include <stdint.h>

namespace rp::crypto {
namespace {

// A sum of products that still wants its reduction.
struct GhashSum {
  __m128i low, middle, high;
};

// GCM's bits are reflected, so a product comes out one bit too low; H times x makes up for it once.
inline __m128i ghashKey(__m128i h) {
  const __m128i carry = _mm_srli_epi64(h, 63);
  const __m128i top = _mm_shuffle_epi32(_mm_srai_epi32(h, 31), 0xff);
  const __m128i doubled = _mm_or_si128(_mm_slli_epi64(h, 1), _mm_slli_si128(carry, 8));
  return _mm_xor_si128(doubled, _mm_and_si128(top, _mm_set_epi64x(int64_t(0xc200000000000000), 1)));
}

inline GhashSum ghashProduct(__m128i x, __m128i h) {
  return {_mm_clmulepi64_si128(x, h, 0x00),
          _mm_xor_si128(_mm_clmulepi64_si128(x, h, 0x01), _mm_clmulepi64_si128(x, h, 0x10)),
          _mm_clmulepi64_si128(x, h, 0x11)};
}
inline void ghashAdd(GhashSum& s, __m128i x, __m128i h) {
  const GhashSum p = ghashProduct(x, h);
  s.low = _mm_xor_si128(s.low, p.low);
  s.middle = _mm_xor_si128(s.middle, p.middle);
  s.high = _mm_xor_si128(s.high, p.high);
}
inline __m128i ghashReduce(const GhashSum& s) {
  const __m128i poly = _mm_set_epi64x(1, int64_t(0xc200000000000000));
  __m128i low = _mm_xor_si128(s.low, _mm_slli_si128(s.middle, 8));
  const __m128i high = _mm_xor_si128(s.high, _mm_srli_si128(s.middle, 8));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, poly, 0x00));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, poly, 0x00));
  return _mm_xor_si128(high, low);
}
inline __m128i ghashMultiply(__m128i x, __m128i h) { return ghashReduce(ghashProduct(x, h)); }

}  // namespace
}  // namespace rp::crypto
