#include <immintrin.h>

#include "dataplane/checksum_x86.h"

namespace rp::dataplane {
namespace {

// Words of 32 bits in lanes of 64, which none overflows; 2^32 is 1 modulo 2^16 - 1, so that fold() makes the same of
// them as of words of 16.
struct Lanes {
  __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();

  void add(__m256i x) {
    low = _mm256_add_epi64(low, _mm256_and_si256(x, _mm256_set1_epi64x(0xffffffff)));
    high = _mm256_add_epi64(high, _mm256_srli_epi64(x, 32));
  }
};

inline uint64_t total(const Lanes& lanes) {
  const __m256i four = _mm256_add_epi64(lanes.low, lanes.high);
  const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
  return uint64_t(_mm_cvtsi128_si64(two)) + uint64_t(_mm_extract_epi64(two, 1));
}

template <bool kCopy>
inline __m256i block(uint8_t* to, const uint8_t* from) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  if constexpr (kCopy) _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
  return x;
}

template <bool kCopy, class Word>
inline uint64_t word(uint8_t*& to, const uint8_t*& from, size_t& n) {
  Word w;
  __builtin_memcpy(&w, from, sizeof w);
  from += sizeof w;
  n -= sizeof w;
  if constexpr (kCopy) {
    __builtin_memcpy(to, &w, sizeof w);
    to += sizeof w;
  }
  return w;
}

template <bool kCopy>
inline uint64_t sumOf(uint8_t* to, const uint8_t* from, size_t n) {
  Lanes lanes;
  for (; n >= 32; n -= 32, from += 32) {
    lanes.add(block<kCopy>(to, from));
    if constexpr (kCopy) to += 32;
  }
  uint64_t sum = total(lanes);
  while (n >= 4) sum += word<kCopy, uint32_t>(to, from, n);
  if (n >= 2) sum += word<kCopy, uint16_t>(to, from, n);
  if (n != 0) sum += word<kCopy, uint8_t>(to, from, n);
  return sum;
}

}  // namespace

uint64_t avx2Sum(const uint8_t* p, size_t n) { return sumOf<false>(nullptr, p, n); }
uint64_t avx2CopyAndSum(uint8_t* to, const uint8_t* from, size_t n) { return sumOf<true>(to, from, n); }

}  // namespace rp::dataplane
