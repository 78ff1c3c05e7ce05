// 64 blocks at a time with AVX-512: vector b holds byte b of every block, so that one instruction does the same to all
// of them, and what other ciphers look up in memory is looked up in registers. Internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/cbc_lanes.h"

namespace rp::crypto {
namespace {

using V = __m512i;
constexpr size_t kLanes = 64;

inline V loadV(const void* p) { return _mm512_loadu_si512(p); }
inline void storeV(void* p, V v) { _mm512_storeu_si512(p, v); }
inline V xor2(V a, V b) { return _mm512_xor_si512(a, b); }
inline V xor3(V a, V b, V c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
// a ^ (b | c)
inline V xorOr(V a, V b, V c) { return _mm512_ternarylogic_epi64(a, b, c, 0x1e); }
inline V matrix(uint64_t m) { return _mm512_set1_epi64(int64_t(m)); }

// 16-byte blocks, in vector r blocks 4r..4r+3, to bytes and back. Each step turns the eight bits of (row, column) by
// one place; four exchange row and column. Block 4r+q is at place 16q+r.
inline void transpose16(V x[16]) {
  for (int step = 0; step < 4; step++) {
    V t[16];
    for (int i = 0; i < 8; i++) {
      t[2 * i] = _mm512_unpacklo_epi8(x[i], x[i + 8]);
      t[2 * i + 1] = _mm512_unpackhi_epi8(x[i], x[i + 8]);
    }
    for (int i = 0; i < 16; i++) x[i] = t[i];
  }
}

// Rows of eight bytes for columns in each vector.
inline V transposeBytes8(V x) {
  alignas(64) static constexpr uint8_t kIndex[64] = {0, 8,  16, 24, 32, 40, 48, 56, 1, 9,  17, 25, 33, 41, 49, 57,
                                                     2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59,
                                                     4, 12, 20, 28, 36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61,
                                                     6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23, 31, 39, 47, 55, 63};
  return _mm512_permutexvar_epi8(_mm512_load_si512(kIndex), x);
}
inline void transposeWords8(V x[8]) {
  const V low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), high = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
  for (int step = 0; step < 3; step++) {
    V t[8];
    for (int i = 0; i < 4; i++) {
      t[2 * i] = _mm512_permutex2var_epi64(x[i], low, x[i + 4]);
      t[2 * i + 1] = _mm512_permutex2var_epi64(x[i], high, x[i + 4]);
    }
    for (int i = 0; i < 8; i++) x[i] = t[i];
  }
}

// 256 bytes in four registers, looked up by all eight bits.
struct Table256 {
  V t[4];
  explicit inline Table256(const uint8_t* bytes) {
    for (int i = 0; i < 4; i++) t[i] = loadV(bytes + 64 * i);
  }
  inline V at(V x) const {
    const V low = _mm512_permutex2var_epi8(t[0], x, t[1]), high = _mm512_permutex2var_epi8(t[2], x, t[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(x), high);
  }
};

// Sum modulo 2^32; byte 0 is the most significant.
inline void add32(V sum[4], const V a[4], const V b[4]) {
  const V one = _mm512_set1_epi8(1), zero = _mm512_setzero_si512();
  V s = _mm512_add_epi8(a[3], b[3]);
  __mmask64 carry = _mm512_cmplt_epu8_mask(s, b[3]);
  sum[3] = s;
  for (int i = 2; i >= 0; i--) {
    const V plain = _mm512_add_epi8(a[i], b[i]);
    s = _mm512_mask_add_epi8(plain, carry, plain, one);
    if (i > 0) {
      carry = _mm512_mask_cmpeq_epi8_mask(carry, s, zero) | _mm512_cmplt_epu8_mask(plain, b[i]);
    }
    sum[i] = s;
  }
}

// Key bytes: one key for all lanes, or each lane with its own.
template <size_t kBytes>
struct KeyBytes {
  static constexpr size_t kPadded = (kBytes + 15) / 16 * 16;
  bool shared;
  uint32_t repeated[kBytes];
  V lanes[kPadded];

  // Lane i's are at keys[i]; `places` says whether lane i is at place i, or where transpose16 has it. Reads kBytes,
  // which are a multiple of 16, of each.
  inline void set(const uint8_t* const keys[kLanes], bool straight) {
    shared = true;
    for (size_t i = 1; i < kLanes; i++) shared &= keys[i] == keys[0];
    if (shared) {
      for (size_t i = 0; i < kBytes; i++) repeated[i] = keys[0][i] * 0x01010101u;
      return;
    }
    for (size_t at = 0; at < kBytes; at += 16) {
      alignas(64) uint8_t blocks[16 * kLanes];
      for (size_t i = 0; i < kLanes; i++) {
        const size_t slot = straight ? i % 16 * 4 + i / 16 : i;
        __builtin_memcpy(blocks + 16 * slot, keys[i] + at, 16);
      }
      for (int i = 0; i < 16; i++) lanes[at + i] = loadV(blocks + 64 * i);
      transpose16(lanes + at);
      wipeV(blocks, sizeof blocks);
    }
  }
  inline void wipe() {
    wipeV(repeated, sizeof repeated);
    if (!shared) wipeV(lanes, sizeof lanes);
  }
  template <bool kShared>
  inline V at(size_t i) const {
    return kShared ? _mm512_set1_epi32(int(repeated[i])) : lanes[i];
  }
};

template <class Cipher, size_t kFew>
using Lanes512 = CbcLanes<Cipher, kLanes, kFew>;

}  // namespace
}  // namespace rp::crypto
