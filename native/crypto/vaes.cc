// AES and GHASH with two blocks to a register.
#include "crypto/vaes.h"

#include "crypto/aesni_isa.h"
#include "crypto/gcm_modes.h"

namespace rp::crypto {
namespace {

inline __m256i both(__m128i x) { return _mm256_broadcastsi128_si256(x); }
inline __m128i halves(__m256i x) { return _mm_xor_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)); }

struct TwoBlocks {
  using V = __m256i;
  static constexpr int kBlocks = 2;
  static V zero() { return _mm256_setzero_si256(); }
  static V load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static void store(uint8_t* p, V x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
  static V add(V a, V b) { return _mm256_xor_si256(a, b); }
  static V reverse(V x) {
    return _mm256_shuffle_epi8(x, both(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
  }
  static V swapHalves(V x) { return _mm256_shuffle_epi32(x, 0x4e); }
  static V descending(const __m128i* p) { return _mm256_set_m128i(p[0], p[1]); }
  static V first(__m128i x) { return _mm256_zextsi128_si256(x); }
  static V spread(__m128i x) { return both(x); }
  // Of an even number of blocks that begins with an even counter, so the second takes no carry.
  static V numbered(__m128i c) { return _mm256_add_epi32(both(c), _mm256_set_epi32(0x01000000, 0, 0, 0, 0, 0, 0, 0)); }
  static V further(V c) { return _mm256_add_epi32(c, _mm256_set_epi32(0x02000000, 0, 0, 0, 0x02000000, 0, 0, 0)); }
  static __m128i sum(V x) { return halves(x); }
  static V encrypt(V x, V k) { return _mm256_aesenc_epi128(x, k); }
  static V encryptLast(V x, V k) { return _mm256_aesenclast_epi128(x, k); }
  template <int select>
  static V product(V x, V h) {
    return _mm256_clmulepi64_epi128(x, h, select);
  }
};

struct Vaes : Aesni {
  template <bool kOpen>
  static void gcmGroups(const Key& key, const Block* powers, Block& counter, Block& y, uint8_t*& text, size_t& bytes) {
    stitched<TwoBlocks, kOpen>(key, powers, counter, y, text, bytes);
  }
  static void gcmHash(const Block* powers, Block& y, const uint8_t*& data, size_t& bytes) {
    hashGroups<TwoBlocks>(powers, y, data, bytes);
  }
  template <int n>
  static void join(__m256i y[n / 2], const Block x[n]) {
#pragma GCC unroll 8
    for (int i = 0; i < n / 2; i++) y[i] = _mm256_set_m128i(x[2 * i + 1], x[2 * i]);
  }
  template <int n>
  static void split(Block x[n], const __m256i y[n / 2]) {
#pragma GCC unroll 8
    for (int i = 0; i < n / 2; i++) {
      x[2 * i] = _mm256_castsi256_si128(y[i]);
      x[2 * i + 1] = _mm256_extracti128_si256(y[i], 1);
    }
  }

  template <int n>
  static void encrypt(const Key& key, Block x[n]) {
    if constexpr (n % 2 == 0) {
      __m256i y[n / 2];
      join<n>(y, x);
      for (auto& b : y) b = _mm256_xor_si256(b, both(key.rounds[0]));
      for (uint32_t r = 1; r < key.count; r++) {
        const __m256i k = both(key.rounds[r]);
        for (auto& b : y) b = _mm256_aesenc_epi128(b, k);
      }
      for (auto& b : y) b = _mm256_aesenclast_epi128(b, both(key.rounds[key.count]));
      split<n>(x, y);
    } else {
      Aesni::encrypt<n>(key, x);
    }
  }
  template <int n>
  static void decrypt(const Key& key, Block x[n]) {
    if constexpr (n % 2 == 0) {
      __m256i y[n / 2];
      join<n>(y, x);
      for (auto& b : y) b = _mm256_xor_si256(b, both(key.rounds[0]));
      for (uint32_t r = 1; r < key.count; r++) {
        const __m256i k = both(key.rounds[r]);
        for (auto& b : y) b = _mm256_aesdec_epi128(b, k);
      }
      for (auto& b : y) b = _mm256_aesdeclast_epi128(b, both(key.rounds[key.count]));
      split<n>(x, y);
    } else {
      Aesni::decrypt<n>(key, x);
    }
  }

  // x[0] H^n + ... + x[n-1] H, two products at a time.
  static constexpr bool kSums = true;
  static GhashSum sum(const Block* x, const Block* powers, int n) {
    __m256i low = _mm256_setzero_si256(), middle = low, high = low;
    int i = 0;
    for (; i + 1 < n; i += 2) {
      const __m256i b = _mm256_set_m128i(x[i], x[i + 1]);
      const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(powers + n - 2 - i));
      low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128(b, h, 0x00));
      high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128(b, h, 0x11));
      middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(b, h, 0x01));
      middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(b, h, 0x10));
    }
    GhashSum s = {halves(low), halves(middle), halves(high)};
    if (i < n) ghashAdd(s, x[i], powers[0]);
    return s;
  }
};

}  // namespace

const AeadKernel kVaesGcm = GcmModes<Vaes>::kKernel;
const CipherKernel kVaesCbc = AesModes<Vaes>::kCbc;
const CipherKernel kVaesCtr = AesModes<Vaes>::kCtr;

}  // namespace rp::crypto
