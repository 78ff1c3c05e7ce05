// AES-NI and PCLMULQDQ as AesModes wants them; internal linkage, see kernel.h.
#pragma once
#include "crypto/aesni_key.h"
#include "crypto/gcm_stitched.h"
#include "crypto/ghash_pclmul.h"

namespace rp::crypto {
namespace {

// Registers of one block.
struct OneBlock {
  using V = __m128i;
  static constexpr int kBlocks = 1;
  static V zero() { return _mm_setzero_si128(); }
  static V load(const uint8_t* p) { return loadBlock(p); }
  static void store(uint8_t* p, V x) { storeBlock(p, x); }
  static V add(V a, V b) { return _mm_xor_si128(a, b); }
  static V reverse(V x) { return reverseBytes(x); }
  static V swapHalves(V x) { return _mm_shuffle_epi32(x, 0x4e); }
  static V descending(const __m128i* p) { return *p; }
  static V first(__m128i x) { return x; }
  static V spread(__m128i x) { return x; }
  static V numbered(__m128i counter) { return counter; }
  // Big-endian, and no carry out of the last byte.
  static V further(V counter) { return _mm_add_epi32(counter, _mm_set_epi32(0x01000000, 0, 0, 0)); }
  static __m128i sum(V x) { return x; }
  static V encrypt(V x, V k) { return _mm_aesenc_si128(x, k); }
  static V encryptLast(V x, V k) { return _mm_aesenclast_si128(x, k); }
  template <int select>
  static V product(V x, V h) {
    return _mm_clmulepi64_si128(x, h, select);
  }
};

struct Aesni {
  using Block = __m128i;
  using Key = AesniKey;

  static Block zero() { return _mm_setzero_si128(); }
  static Block load(const uint8_t* p) { return loadBlock(p); }
  static void store(uint8_t* p, Block x) { storeBlock(p, x); }
  static Block loadPart(const uint8_t* p, size_t n) { return rp::crypto::loadPart(p, n); }
  static void storePart(uint8_t* p, Block x, size_t n) { rp::crypto::storePart(p, x, n); }
  static Block firstBytes(Block x, size_t n) { return rp::crypto::firstBytesOf(x, n); }
  static Block add(Block a, Block b) { return _mm_xor_si128(a, b); }
  static Block reverse(Block x) { return reverseBytes(x); }
  static Block increment(Block x) { return _mm_add_epi32(x, _mm_set_epi32(0, 0, 0, 1)); }
  static Block pair(uint64_t high, uint64_t low) { return _mm_set_epi64x(int64_t(high), int64_t(low)); }

  static void expand(Key& key, const uint8_t* bytes, size_t n) { aesniExpand(key, bytes, n); }
  static void invert(Key& inverse, const Key& key) { aesniInvert(inverse, key); }
  template <int n>
  static void encrypt(const Key& key, Block x[n]) {
    aesniBlocks<n>(key, x);
  }
  template <int n>
  static void decrypt(const Key& key, Block x[n]) {
    for (int i = 0; i < n; i++) x[i] = _mm_xor_si128(x[i], key.rounds[0]);
    for (uint32_t r = 1; r < key.count; r++) {
      const Block k = key.rounds[r];
      for (int i = 0; i < n; i++) x[i] = _mm_aesdec_si128(x[i], k);
    }
    for (int i = 0; i < n; i++) x[i] = _mm_aesdeclast_si128(x[i], key.rounds[key.count]);
  }
  // Each block under its own key, all of the same length.
  template <int n>
  static void encryptEach(const Key* const keys[n], Block x[n]) {
    const uint32_t count = keys[0]->count;
    for (int i = 0; i < n; i++) x[i] = _mm_xor_si128(x[i], keys[i]->rounds[0]);
    for (uint32_t r = 1; r < count; r++) {
      for (int i = 0; i < n; i++) x[i] = _mm_aesenc_si128(x[i], keys[i]->rounds[r]);
    }
    for (int i = 0; i < n; i++) x[i] = _mm_aesenclast_si128(x[i], keys[i]->rounds[count]);
  }

  template <bool kOpen>
  static void gcmGroups(const Key& key, const Block* powers, Block& counter, Block& y, uint8_t*& text, size_t& bytes) {
    stitched<OneBlock, kOpen>(key, powers, counter, y, text, bytes);
  }
  static void gcmHash(const Block* powers, Block& y, const uint8_t*& data, size_t& bytes) {
    hashGroups<OneBlock>(powers, y, data, bytes);
  }
  // x[0] H^n + ... + x[n-1] H, three products for each instead of four (Karatsuba).
  static constexpr bool kSums = true;
  static GhashSum sum(const Block* x, const Block* powers, int n) {
    const auto folded = [](Block b) { return _mm_xor_si128(b, _mm_shuffle_epi32(b, 0x4e)); };
    GhashSum s = {zero(), zero(), zero()};
    for (int i = 0; i < n; i++) {
      const Block h = powers[n - 1 - i];
      s.low = add(s.low, _mm_clmulepi64_si128(x[i], h, 0x00));
      s.high = add(s.high, _mm_clmulepi64_si128(x[i], h, 0x11));
      s.middle = add(s.middle, _mm_clmulepi64_si128(folded(x[i]), folded(h), 0x00));
    }
    s.middle = add(s.middle, add(s.low, s.high));
    return s;
  }
  static Block hashKey(Block h) { return ghashKey(h); }
  static GhashSum product(Block x, Block h) { return ghashProduct(x, h); }
  static Block reduce(const GhashSum& s) { return ghashReduce(s); }
};

}  // namespace
}  // namespace rp::crypto
