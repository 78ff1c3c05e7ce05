// Poly1305 (RFC 8439 2.5) over four blocks at a time, in limbs of 26 bits. Internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {
namespace {

// A number below 2^130 and a little, in limbs of 64 bits.
struct Poly1305Number {
  uint64_t h[3];

  // By r, whose clamped low bits make 2^130 = 5 one factor (see poly1305.cc): below 2^130 and a little again.
  Poly1305Number times(const uint64_t r[2]) const {
    __extension__ using Wide = unsigned __int128;
    const uint64_t s = r[1] + (r[1] >> 2);
    Wide d0 = Wide(h[0]) * r[0] + Wide(h[1]) * s;
    Wide d1 = Wide(h[0]) * r[1] + Wide(h[1]) * r[0] + Wide(h[2] * s) + uint64_t(d0 >> 64);
    uint64_t top = h[2] * r[0] + uint64_t(d1 >> 64);
    const uint64_t fold = (top >> 2) + (top & ~uint64_t(3));
    d0 = Wide(uint64_t(d0)) + fold;
    d1 = Wide(uint64_t(d1)) + uint64_t(d0 >> 64);
    return {{uint64_t(d0), uint64_t(d1), (top & 3) + uint64_t(d1 >> 64)}};
  }
  uint64_t limb(int i) const {
    constexpr uint64_t kLimb = (uint64_t(1) << 26) - 1;
    switch (i) {
      case 0:
        return h[0] & kLimb;
      case 1:
        return h[0] >> 26 & kLimb;
      case 2:
        return (h[0] >> 52 | h[1] << 12) & kLimb;
      case 3:
        return h[1] >> 14 & kLimb;
      default:
        return h[1] >> 40 | h[2] << 24;
    }
  }
};

struct Poly1305Avx2 {
  using V = __m256i;
  static constexpr uint64_t kLimb = (uint64_t(1) << 26) - 1;

  // What lanes are multiplied by: limbs, and five times each, as 2^130 = 5.
  struct Factor {
    V r[5], s[5];
    // In the order in which `limbsOf` has blocks: 0, 2, 1, 3.
    Factor(const Poly1305Number& a, const Poly1305Number& b, const Poly1305Number& c, const Poly1305Number& d) {
      for (int i = 0; i < 5; i++) {
        r[i] = _mm256_set_epi64x(int64_t(d.limb(i)), int64_t(b.limb(i)), int64_t(c.limb(i)), int64_t(a.limb(i)));
        s[i] = _mm256_add_epi64(r[i], _mm256_slli_epi64(r[i], 2));
      }
    }
  };

  static inline void limbsOf(V x[5], const uint8_t* data) {
    const V m0 = _mm256_loadu_si256(reinterpret_cast<const V*>(data));
    const V m1 = _mm256_loadu_si256(reinterpret_cast<const V*>(data + 32));
    const V low = _mm256_unpacklo_epi64(m0, m1), high = _mm256_unpackhi_epi64(m0, m1);
    const V mask = _mm256_set1_epi64x(int64_t(kLimb));
    x[0] = _mm256_and_si256(low, mask);
    x[1] = _mm256_and_si256(_mm256_srli_epi64(low, 26), mask);
    x[2] = _mm256_and_si256(_mm256_or_si256(_mm256_srli_epi64(low, 52), _mm256_slli_epi64(high, 12)), mask);
    x[3] = _mm256_and_si256(_mm256_srli_epi64(high, 14), mask);
    x[4] = _mm256_or_si256(_mm256_srli_epi64(high, 40), _mm256_set1_epi64x(1 << 24));
  }
  // d += x f
  static inline void multiply(V d[5], const V x[5], const Factor& f) {
#pragma GCC unroll 5
    for (int i = 0; i < 5; i++) {
#pragma GCC unroll 5
      for (int j = 0; j < 5; j++) {
        const V& by = i >= j ? f.r[i - j] : f.s[5 + i - j];
        d[i] = _mm256_add_epi64(d[i], _mm256_mul_epu32(x[j], by));
      }
    }
  }
  // Limbs of 26 bits and a little again.
  static inline void carry(V d[5]) {
    const V mask = _mm256_set1_epi64x(int64_t(kLimb));
    const auto move = [&](int from, int to) {
      d[to] = _mm256_add_epi64(d[to], _mm256_srli_epi64(d[from], 26));
      d[from] = _mm256_and_si256(d[from], mask);
    };
    move(0, 1);
    move(3, 4);
    move(1, 2);
    const V top = _mm256_srli_epi64(d[4], 26);
    d[4] = _mm256_and_si256(d[4], mask);
    d[0] = _mm256_add_epi64(d[0], _mm256_add_epi64(top, _mm256_slli_epi64(top, 2)));
    move(2, 3);
    move(0, 1);
    move(3, 4);
  }
  static inline uint64_t laneSum(V x) {
    const __m128i y = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return uint64_t(_mm_cvtsi128_si64(_mm_add_epi64(y, _mm_unpackhi_epi64(y, y))));
  }

  // As Poly1305Blocks has it.
  static void blocksOf(uint64_t h[3], const uint64_t r[2], const uint8_t* data, size_t blocks) {
    const Poly1305Number r1 = {{r[0], r[1], 0}}, r2 = r1.times(r), r3 = r2.times(r), r4 = r3.times(r);
    Poly1305Number r8 = r4;
    for (int i = 0; i < 4; i++) r8 = r8.times(r);
    const Factor four(r4, r4, r4, r4), eight(r8, r8, r8, r8), last(r4, r3, r2, r1);
    const Poly1305Number before = {{h[0], h[1], h[2]}};
    V x[5], y[5], d[5];
    for (int i = 0; i < 5; i++) x[i] = _mm256_setzero_si256();
    for (bool first = true; blocks > 0; data += 128, blocks -= 8, first = false) {
      for (V& limb : d) limb = _mm256_setzero_si256();
      if (!first) multiply(d, x, eight);
      limbsOf(y, data);
      if (first) {
        for (int i = 0; i < 5; i++) y[i] = _mm256_add_epi64(y[i], _mm256_set_epi64x(0, 0, 0, int64_t(before.limb(i))));
      }
      multiply(d, y, four);
      limbsOf(x, data + 64);
      for (int i = 0; i < 5; i++) x[i] = _mm256_add_epi64(x[i], d[i]);
      carry(x);
    }
    for (V& limb : d) limb = _mm256_setzero_si256();
    multiply(d, x, last);
    carry(d);
    uint64_t limbs[5];
    for (int i = 0; i < 5; i++) limbs[i] = laneSum(d[i]);
    for (int i = 0; i < 4; i++) {
      limbs[i + 1] += limbs[i] >> 26;
      limbs[i] &= kLimb;
    }
    limbs[0] += (limbs[4] >> 26) * 5;
    limbs[4] &= kLimb;
    limbs[1] += limbs[0] >> 26;
    limbs[0] &= kLimb;
    // The second limb may have a bit too many now, so these are sums.
    __extension__ using Wide = unsigned __int128;
    const Wide low = Wide(limbs[0]) + (Wide(limbs[1]) << 26) + (Wide(limbs[2]) << 52) + (Wide(limbs[3]) << 78);
    const uint64_t middle = uint64_t(low >> 64) + (limbs[4] << 40);
    h[0] = uint64_t(low);
    h[1] = middle;
    h[2] = (limbs[4] >> 24) + (middle < uint64_t(low >> 64));
  }
};

}  // namespace
}  // namespace rp::crypto
