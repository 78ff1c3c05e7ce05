#include <immintrin.h>

#include "dataplane/checksum_x86.h"

namespace rp::dataplane {
namespace {

// The two halves of each 32-bit lane, apart: an IP packet is too short for either to overflow.
struct Lanes {
  __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();

  void add(__m512i words) {
    low = _mm512_add_epi32(low, _mm512_and_si512(words, _mm512_set1_epi32(0xffff)));
    high = _mm512_add_epi32(high, _mm512_srli_epi32(words, 16));
  }
};

// Two sets of lanes, so that one addition does not wait for the other. `n` is at most 65535.
template <bool kCopy>
inline uint64_t sumOf(uint8_t* to, const uint8_t* from, size_t n) {
  Lanes a, b;
  for (; n >= 128; n -= 128, from += 128) {
    const __m512i x = _mm512_loadu_si512(from), y = _mm512_loadu_si512(from + 64);
    if constexpr (kCopy) {
      _mm512_storeu_si512(to, x);
      _mm512_storeu_si512(to + 64, y);
      to += 128;
    }
    a.add(x);
    b.add(y);
  }
  if (n >= 64) {
    const __m512i x = _mm512_loadu_si512(from);
    if constexpr (kCopy) {
      _mm512_storeu_si512(to, x);
      to += 64;
    }
    a.add(x);
    from += 64;
    n -= 64;
  }
  if (n > 0) {
    const __mmask64 rest = _bzhi_u64(~0ull, static_cast<unsigned>(n));
    const __m512i x = _mm512_maskz_loadu_epi8(rest, from);
    if constexpr (kCopy) _mm512_mask_storeu_epi8(to, rest, x);
    b.add(x);
  }
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(a.low, b.low), _mm512_add_epi32(a.high, b.high));
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

}  // namespace

uint64_t avx512Sum(const uint8_t* p, size_t n) { return sumOf<false>(nullptr, p, n); }
uint64_t avx512CopyAndSum(uint8_t* to, const uint8_t* from, size_t n) { return sumOf<true>(to, from, n); }

}  // namespace rp::dataplane
