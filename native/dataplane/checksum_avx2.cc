#include <immintrin.h>

#include "dataplane/checksum_x86.h"

namespace rp::dataplane {
namespace {

inline uint64_t lanesOf(__m256i v) {
  uint32_t lanes[8];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), v);
  uint64_t sum = 0;
  for (const uint32_t lane : lanes) sum += lane;
  return sum;
}

// The two halves of each 32-bit lane are added apart. `n` is at most 65535, so neither overflows.
template <bool kCopy>
inline uint64_t sumOf(uint8_t* to, const uint8_t* from, size_t n) {
  const __m256i mask = _mm256_set1_epi32(0xffff);
  __m256i low = _mm256_setzero_si256(), high = low;
  for (; n >= 32; n -= 32, from += 32) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    if constexpr (kCopy) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
      to += 32;
    }
    low = _mm256_add_epi32(low, _mm256_and_si256(x, mask));
    high = _mm256_add_epi32(high, _mm256_srli_epi32(x, 16));
  }
  uint64_t sum = lanesOf(low) + lanesOf(high);
  for (; n >= 2; n -= 2, from += 2) {
    uint16_t word;
    __builtin_memcpy(&word, from, 2);
    if constexpr (kCopy) {
      __builtin_memcpy(to, &word, 2);
      to += 2;
    }
    sum += word;
  }
  if (n != 0) {
    if constexpr (kCopy) *to = *from;
    sum += *from;
  }
  return sum;
}

}  // namespace

uint64_t avx2Sum(const uint8_t* p, size_t n) { return sumOf<false>(nullptr, p, n); }
uint64_t avx2CopyAndSum(uint8_t* to, const uint8_t* from, size_t n) { return sumOf<true>(to, from, n); }

}  // namespace rp::dataplane
