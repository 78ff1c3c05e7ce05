// GHASH over registers of four blocks: a stream of n blocks meets H^n .. H^1, and one reduction ends it. Internal
// linkage, see kernel.h.
#pragma once
#include <stddef.h>

#include "crypto/avx512_rounds.h"
#include "crypto/ghash_pclmul.h"

namespace rp::crypto {
namespace {

// Powers of H in descending order, so that a stream of n blocks begins n before their end, and Karatsuba's sums of
// halves, for two registers at once: entry i has that of powers[i] and that of powers[i + 4]. What is read behind them
// meets zero blocks only.
struct GhashPowers {
  const __m128i *powers, *sums;
  unsigned count;
};

// Enough for a packet of an Ethernet MTU; longer messages go in parts.
constexpr unsigned kPowers = 96;
// The last ones, once more and together with the key: with thousands of SAs what counts is how much memory a packet
// wants of its SA.
constexpr unsigned kNearPowers = 32;
constexpr unsigned kBehind = 8;

struct GcmContext {
  AesniKey aes;
  alignas(64) __m128i nearPowers[kNearPowers];
  __m128i nearSums[kNearPowers];
  __m128i powers[kPowers];
  __m128i sums[kPowers];
  __m128i behind[kBehind];

  GhashPowers near() const { return {nearPowers, nearSums, kNearPowers}; }
  GhashPowers all() const { return {powers, sums, kPowers}; }
  // Begins to load what a packet of many SAs wants.
  void prefetch() const {
    constexpr size_t kBytes = offsetof(GcmContext, powers);
#pragma GCC unroll 32
    for (size_t at = 0; at < kBytes; at += 64) {
      _mm_prefetch(reinterpret_cast<const char*>(this) + at, _MM_HINT_T0);
    }
  }
};

inline void expandGcm(void* context, const uint8_t* key, size_t keyBytes) {
  auto& gcm = *static_cast<GcmContext*>(context);
  aesniExpand(gcm.aes, key, keyBytes);
  const __m128i h = ghashKey(reverseBytes(aesniBlock(gcm.aes, _mm_setzero_si128())));
  __m128i power = h;
  for (unsigned i = kPowers; i-- > 0;) {
    gcm.powers[i] = power;
    power = ghashMultiply(power, h);
  }
  const auto fold = [](__m128i x) { return _mm_xor_si128(x, _mm_srli_si128(x, 8)); };
  for (unsigned i = 0; i < kPowers; i++) {
    const __m128i further = i + 4 < kPowers ? gcm.powers[i + 4] : _mm_setzero_si128();
    gcm.sums[i] = _mm_unpacklo_epi64(fold(gcm.powers[i]), fold(further));
  }
  for (unsigned i = 0; i < kNearPowers; i++) {
    gcm.nearPowers[i] = gcm.powers[kPowers - kNearPowers + i];
    gcm.nearSums[i] = gcm.sums[kPowers - kNearPowers + i];
  }
}

// How the products are made. Both leave in `middle` what `reduce` wants of them.
struct Karatsuba {
  static constexpr bool kFolds = true;
};
struct Schoolbook {
  static constexpr bool kFolds = false;
};

template <class Product>
struct GhashLanes {
  __m512i low = _mm512_setzero_si512(), middle = low, high = low;

  // Adds four blocks times four powers.
  void add(__m512i x, const __m128i* powers, const __m128i* sums) {
    const __m512i h = _mm512_loadu_si512(powers);
    low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(x, h, 0x00));
    high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(x, h, 0x11));
    if constexpr (Product::kFolds) {
      const __m512i folded = _mm512_xor_si512(x, _mm512_shuffle_epi32(x, _MM_PERM_BADC));
      middle = _mm512_xor_si512(middle, _mm512_clmulepi64_epi128(folded, _mm512_loadu_si512(sums), 0x00));
    } else {
      middle = xor3(middle, _mm512_clmulepi64_epi128(x, h, 0x01), _mm512_clmulepi64_epi128(x, h, 0x10));
    }
  }
  // Adds eight.
  void add(__m512i x0, __m512i x1, const __m128i* powers, const __m128i* sums) {
    const __m512i h0 = _mm512_loadu_si512(powers), h1 = _mm512_loadu_si512(powers + 4);
    low = xor3(low, _mm512_clmulepi64_epi128(x0, h0, 0x00), _mm512_clmulepi64_epi128(x1, h1, 0x00));
    high = xor3(high, _mm512_clmulepi64_epi128(x0, h0, 0x11), _mm512_clmulepi64_epi128(x1, h1, 0x11));
    if constexpr (Product::kFolds) {
      const __m512i m = _mm512_loadu_si512(sums);
      const __m512i folded = _mm512_xor_si512(_mm512_unpacklo_epi64(x0, x1), _mm512_unpackhi_epi64(x0, x1));
      middle = xor3(middle, _mm512_clmulepi64_epi128(folded, m, 0x00), _mm512_clmulepi64_epi128(folded, m, 0x11));
    } else {
      middle = xor3(middle, _mm512_clmulepi64_epi128(x0, h0, 0x01), _mm512_clmulepi64_epi128(x0, h0, 0x10));
      middle = xor3(middle, _mm512_clmulepi64_epi128(x1, h1, 0x01), _mm512_clmulepi64_epi128(x1, h1, 0x10));
    }
  }
  __m512i wholeMiddle() const { return Product::kFolds ? xor3(middle, low, high) : middle; }
};

inline __m128i lanesOf(__m512i x) {
  const __m256i y = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}
template <class Product>
inline __m128i reduce(const GhashLanes<Product>& s) {
  return ghashReduce({lanesOf(s.low), lanesOf(s.wholeMiddle()), lanesOf(s.high)});
}

// The sums of the lanes of four registers, one in each lane.
inline __m512i lanesOfFour(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab = _mm512_xor_si512(_mm512_shuffle_i64x2(a, b, 0x44), _mm512_shuffle_i64x2(a, b, 0xee));
  const __m512i cd = _mm512_xor_si512(_mm512_shuffle_i64x2(c, d, 0x44), _mm512_shuffle_i64x2(c, d, 0xee));
  return _mm512_xor_si512(_mm512_shuffle_i64x2(ab, cd, 0x88), _mm512_shuffle_i64x2(ab, cd, 0xdd));
}
// The hashes of four streams under one reduction.
template <class Product>
inline __m512i reduceFour(const GhashLanes<Product> s[4]) {
  const __m512i poly = spreadBlock(_mm_set_epi64x(1, int64_t(0xc200000000000000)));
  const __m512i middle = lanesOfFour(s[0].wholeMiddle(), s[1].wholeMiddle(), s[2].wholeMiddle(), s[3].wholeMiddle());
  __m512i low = lanesOfFour(s[0].low, s[1].low, s[2].low, s[3].low);
  __m512i high = lanesOfFour(s[0].high, s[1].high, s[2].high, s[3].high);
  low = _mm512_xor_si512(low, _mm512_bslli_epi128(middle, 8));
  high = _mm512_xor_si512(high, _mm512_bsrli_epi128(middle, 8));
  for (int i = 0; i < 2; i++) {
    low = _mm512_xor_si512(_mm512_shuffle_epi32(low, _MM_PERM_BADC), _mm512_clmulepi64_epi128(low, poly, 0x00));
  }
  return _mm512_xor_si512(low, high);
}

}  // namespace
}  // namespace rp::crypto
