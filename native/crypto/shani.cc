// SHA-1 and SHA-256 with the x86 SHA extensions.
#include "crypto/shani.h"

#include <immintrin.h>

#include "crypto/sha256_constants.h"

namespace rp::crypto {
namespace {

inline __m128i loadWords(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline void storeWords(void* p, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(p), x); }

// Four rounds; w is the schedule's ring of four vectors, and the vector of these rounds makes way for that of 16 later.
template <int i>
inline void sha1Rounds(__m128i& abcd, __m128i& e, __m128i w[4]) {
  if constexpr (i >= 4) {
    __m128i next = _mm_sha1msg1_epu32(w[i & 3], w[(i + 1) & 3]);
    next = _mm_xor_si128(next, w[(i + 2) & 3]);
    w[i & 3] = _mm_sha1msg2_epu32(next, w[(i + 3) & 3]);
  }
  const __m128i before = abcd;
  abcd = _mm_sha1rnds4_epu32(abcd, i == 0 ? _mm_add_epi32(e, w[0]) : _mm_sha1nexte_epu32(e, w[i & 3]), i / 5);
  e = before;
  if constexpr (i < 19) sha1Rounds<i + 1>(abcd, e, w);
}

}  // namespace

void shaniSha1(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m128i abcd = _mm_shuffle_epi32(loadWords(h), 0x1b);
  __m128i e = _mm_set_epi32(int(h[4]), 0, 0, 0);
  for (; blocks > 0; blocks--, data += 64) {
    const __m128i abcd0 = abcd, e0 = e;
    __m128i w[4];
    for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(loadWords(data + 16 * i), order);
    sha1Rounds<0>(abcd, e, w);
    e = _mm_sha1nexte_epu32(e, e0);
    abcd = _mm_add_epi32(abcd, abcd0);
  }
  storeWords(h, _mm_shuffle_epi32(abcd, 0x1b));
  h[4] = uint32_t(_mm_extract_epi32(e, 3));
}

namespace {

struct Sha256Words {
  __m128i abef, cdgh;
};

template <int n, int i>
inline void sha256Rounds(Sha256Words s[n], __m128i w[n][4]) {
#pragma GCC unroll 2
  for (int m = 0; m < n; m++) {
    __m128i* const x = w[m];
    if constexpr (i >= 4) {
      __m128i next = _mm_sha256msg1_epu32(x[i & 3], x[(i + 1) & 3]);
      next = _mm_add_epi32(next, _mm_alignr_epi8(x[(i + 3) & 3], x[(i + 2) & 3], 4));
      x[i & 3] = _mm_sha256msg2_epu32(next, x[(i + 3) & 3]);
    }
    const __m128i wk = _mm_add_epi32(x[i & 3], _mm_load_si128(reinterpret_cast<const __m128i*>(kSha256Rounds + 4 * i)));
    s[m].cdgh = _mm_sha256rnds2_epu32(s[m].cdgh, s[m].abef, wk);
    s[m].abef = _mm_sha256rnds2_epu32(s[m].abef, s[m].cdgh, _mm_shuffle_epi32(wk, 0x0e));
  }
  if constexpr (i < 15) sha256Rounds<n, i + 1>(s, w);
}
inline Sha256Words loadSha256(const uint32_t* h) {
  const __m128i dcba = loadWords(h), hgfe = loadWords(h + 4);
  return {_mm_shuffle_epi32(_mm_unpacklo_epi64(dcba, hgfe), 0x1b),
          _mm_shuffle_epi32(_mm_unpackhi_epi64(dcba, hgfe), 0x1b)};
}
inline void storeSha256(uint32_t* h, const Sha256Words& s) {
  // The registers hold F E B A and H G D C, lowest lane first.
  const __m128i abef = _mm_shuffle_epi32(s.abef, 0x1b), cdgh = _mm_shuffle_epi32(s.cdgh, 0x1b);
  storeWords(h, _mm_unpacklo_epi64(abef, cdgh));
  storeWords(h + 4, _mm_unpackhi_epi64(abef, cdgh));
}

// The same steps for n messages, one next to the other.
template <int n>
inline void sha256Blocks(Sha256Words s[n], const uint8_t* const data[n], size_t blocks) {
  const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  for (size_t b = 0; b < blocks; b++) {
    Sha256Words before[n];
    __m128i w[n][4];
    for (int m = 0; m < n; m++) {
      before[m] = s[m];
      for (int i = 0; i < 4; i++) w[m][i] = _mm_shuffle_epi8(loadWords(data[m] + 64 * b + 16 * size_t(i)), order);
    }
    sha256Rounds<n, 0>(s, w);
    for (int m = 0; m < n; m++) {
      s[m].abef = _mm_add_epi32(s[m].abef, before[m].abef);
      s[m].cdgh = _mm_add_epi32(s[m].cdgh, before[m].cdgh);
    }
  }
}

}  // namespace

void shaniSha256(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  Sha256Words s[1] = {loadSha256(h)};
  sha256Blocks<1>(s, &data, blocks);
  storeSha256(h, s[0]);
}

void shaniSha256Lanes(void* state, const uint8_t* const* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  uint32_t words[2][8];
  for (int i = 0; i < 16; i++) words[i & 1][i >> 1] = h[i];
  Sha256Words s[2] = {loadSha256(words[0]), loadSha256(words[1])};
  sha256Blocks<2>(s, data, blocks);
  for (int m = 0; m < 2; m++) storeSha256(words[m], s[m]);
  for (int i = 0; i < 16; i++) h[i] = words[i & 1][i >> 1];
}

}  // namespace rp::crypto
