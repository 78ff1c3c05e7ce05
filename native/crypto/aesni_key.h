// AES key expansion with AES-NI, shared by the x86 units; internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {
namespace {

struct AesniKey {
  __m128i rounds[15];
  uint32_t count;  // 10, 12, 14
};

// SubWord through AESENCLAST: with the word in all four columns ShiftRows changes nothing.
inline uint32_t aesniSubWord(uint32_t w) {
  return uint32_t(_mm_cvtsi128_si32(_mm_aesenclast_si128(_mm_set1_epi32(int(w)), _mm_setzero_si128())));
}

inline void aesniExpand(AesniKey& key, const uint8_t* bytes, size_t keyBytes) {
  const uint32_t nk = uint32_t(keyBytes / 4);
  key.count = nk + 6;
  const uint32_t words = 4 * (key.count + 1);
  uint32_t w[60];
  __builtin_memcpy(w, bytes, keyBytes);
  uint32_t rcon = 1;
  for (uint32_t i = nk; i < words; i++) {
    uint32_t t = w[i - 1];
    if (i % nk == 0) {
      t = aesniSubWord(t >> 8 | t << 24) ^ rcon;
      rcon = (rcon << 1) ^ (rcon >> 7) * 0x11b;
    } else if (nk > 6 && i % nk == 4) {
      t = aesniSubWord(t);
    }
    w[i] = w[i - nk] ^ t;
  }
  for (uint32_t r = 0; r <= key.count; r++) {
    key.rounds[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w + 4 * r));
  }
  for (auto& x : w) *const_cast<volatile uint32_t*>(&x) = 0;
}

// The schedule of the equivalent inverse cipher (FIPS 197 5.3.5).
inline void aesniInvert(AesniKey& inverse, const AesniKey& key) {
  inverse.count = key.count;
  inverse.rounds[0] = key.rounds[key.count];
  for (uint32_t r = 1; r < key.count; r++) inverse.rounds[r] = _mm_aesimc_si128(key.rounds[key.count - r]);
  inverse.rounds[key.count] = key.rounds[0];
}

template <int n>
struct Rounds {
  static constexpr int value = n;
};

// Calls `body` with the number of rounds as a constant.
template <class Body>
inline void withRounds(uint32_t rounds, Body body) {
  if (rounds == 10) return body(Rounds<10>{});
  if (rounds == 12) return body(Rounds<12>{});
  body(Rounds<14>{});
}

inline __m128i aesniBlock(const AesniKey& key, __m128i x) {
  x = _mm_xor_si128(x, key.rounds[0]);
  for (uint32_t r = 1; r < key.count; r++) x = _mm_aesenc_si128(x, key.rounds[r]);
  return _mm_aesenclast_si128(x, key.rounds[key.count]);
}

template <int n>
inline void aesniBlocks(const AesniKey& key, __m128i x[n]) {
  for (int i = 0; i < n; i++) x[i] = _mm_xor_si128(x[i], key.rounds[0]);
  for (uint32_t r = 1; r < key.count; r++) {
    const __m128i k = key.rounds[r];
    for (int i = 0; i < n; i++) x[i] = _mm_aesenc_si128(x[i], k);
  }
  for (int i = 0; i < n; i++) x[i] = _mm_aesenclast_si128(x[i], key.rounds[key.count]);
}

inline __m128i loadBlock(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void storeBlock(uint8_t* p, __m128i x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x); }
// Less than a block, in parts of known length.
inline void copyPart(uint8_t* to, const uint8_t* from, size_t bytes) {
  if (bytes & 8) {
    __builtin_memcpy(to, from, 8);
    to += 8, from += 8;
  }
  if (bytes & 4) {
    __builtin_memcpy(to, from, 4);
    to += 4, from += 4;
  }
  if (bytes & 2) {
    __builtin_memcpy(to, from, 2);
    to += 2, from += 2;
  }
  if (bytes & 1) *to = *from;
}
// Less than a block, zeros behind it; never touches bytes outside.
inline __m128i loadPart(const uint8_t* p, size_t bytes) {
  alignas(16) uint8_t block[16] = {};
  copyPart(block, p, bytes);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(block));
}
inline void storePart(uint8_t* p, __m128i x, size_t bytes) {
  alignas(16) uint8_t block[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(block), x);
  copyPart(p, block, bytes);
}
// Zeros behind them.
inline __m128i firstBytesOf(__m128i x, size_t bytes) {
  alignas(32) static constexpr int8_t kMask[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  return _mm_and_si128(x, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - bytes)));
}
inline __m128i reverseBytes(__m128i x) {
  return _mm_shuffle_epi8(x, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

}  // namespace
}  // namespace rp::crypto
