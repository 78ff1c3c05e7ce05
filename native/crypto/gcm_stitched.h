// AES-GCM over groups of eight blocks, the hash of one group between the rounds of the encryption of the next, with
// Karatsuba's products. `Wide` has registers of one or two blocks. Internal linkage, see kernel.h.
#pragma once
#include "crypto/aesni_key.h"
#include "crypto/ghash_pclmul.h"

namespace rp::crypto {
namespace {

template <class Wide>
struct GcmStitched {
  using V = typename Wide::V;
  static constexpr int kGroup = 8, kRegisters = kGroup / Wide::kBlocks;

  // Registers of powers as the blocks of a group meet them, H^8 first, and the sums of their halves.
  V powers[kRegisters], sums[kRegisters];
  V low, middle, high;

  explicit GcmStitched(const __m128i* ascending) {
    for (int i = 0; i < kRegisters; i++) {
      powers[i] = Wide::descending(ascending + kGroup - Wide::kBlocks * (i + 1));
      sums[i] = Wide::add(powers[i], Wide::swapHalves(powers[i]));
    }
  }

  inline __attribute__((always_inline)) void multiply(V x, int i) {
    low = Wide::add(low, Wide::template product<0x00>(x, powers[i]));
    high = Wide::add(high, Wide::template product<0x11>(x, powers[i]));
    middle = Wide::add(middle, Wide::template product<0x00>(Wide::add(x, Wide::swapHalves(x)), sums[i]));
  }
  __m128i reduced() const {
    const __m128i l = Wide::sum(low), h = Wide::sum(high);
    return ghashReduce({l, _mm_xor_si128(Wide::sum(middle), _mm_xor_si128(l, h)), h});
  }
  // The first register comes last, as it waits for the hash so far.
  inline __attribute__((always_inline)) void hash(const uint8_t* text, int step, __m128i y) {
    const int i = (step + 1) % kRegisters;
    V x = Wide::reverse(Wide::load(text + 16 * Wide::kBlocks * i));
    if (i == 0) x = Wide::add(x, Wide::first(y));
    multiply(x, i);
  }

  // The next block's counter, whose last four bytes are `number`, and as many as a register has.
  __m128i nonce;
  uint32_t number;
  V numbered;
  void count() { numbered = Wide::numbered(_mm_insert_epi32(nonce, int(__builtin_bswap32(number)), 3)); }

  template <int kRounds, bool kOpen, bool kHashes>
  inline __attribute__((always_inline)) void group(const AesniKey& key, __m128i& y, uint8_t* text) {
    const uint8_t* const hashed = kOpen ? text : text - 16 * kGroup;
    V s[kRegisters];
    V k = Wide::spread(key.rounds[0]);
    // Mostly only the last byte counts on.
    const bool carries = (number & 255) > 256 - kGroup;
#pragma GCC unroll 8
    for (auto& b : s) {
      if (__builtin_expect(carries, 0)) count();
      b = Wide::add(numbered, k);
      numbered = Wide::further(numbered);
      if (__builtin_expect(carries, 0)) number += Wide::kBlocks;
    }
    if (__builtin_expect(carries, 0)) {
      count();
    } else {
      number += kGroup;
      if ((number & 255) == 0) count();
    }
    low = middle = high = Wide::zero();
#pragma GCC unroll 14
    for (int r = 1; r < kRounds; r++) {
      k = Wide::spread(key.rounds[r]);
#pragma GCC unroll 8
      for (auto& b : s) b = Wide::encrypt(b, k);
      if (kHashes && r >= 2 && r < 2 + kRegisters) hash(hashed, r - 2, y);
    }
    k = Wide::spread(key.rounds[kRounds]);
#pragma GCC unroll 8
    for (int i = 0; i < kRegisters; i++) {
      uint8_t* const p = text + 16 * Wide::kBlocks * i;
      Wide::store(p, Wide::add(Wide::load(p), Wide::encryptLast(s[i], k)));
    }
    if (kHashes) y = reduced();
  }

  // Whole groups; `counter` is that of the next block, byte-reversed.
  template <int kRounds, bool kOpen>
  void run(const AesniKey& key, __m128i& counter, __m128i& y, uint8_t*& text, size_t& bytes) {
    nonce = reverseBytes(counter);
    number = uint32_t(_mm_cvtsi128_si32(counter));
    count();
    if (!kOpen) {
      group<kRounds, kOpen, false>(key, y, text);
      text += 16 * kGroup;
      bytes -= 16 * kGroup;
    }
    for (; bytes >= 16 * kGroup; text += 16 * kGroup, bytes -= 16 * kGroup) {
      group<kRounds, kOpen, true>(key, y, text);
    }
    counter = _mm_insert_epi32(counter, int(number), 0);
    if (kOpen) return;
    low = middle = high = Wide::zero();
#pragma GCC unroll 8
    for (int i = 0; i < kRegisters; i++) hash(text - 16 * kGroup, i, y);
    y = reduced();
  }
};

// Groups of which nothing is encrypted, as GMAC has them.
template <class Wide>
inline void hashGroups(const __m128i* powers, __m128i& y, const uint8_t*& data, size_t& bytes) {
  using Stitched = GcmStitched<Wide>;
  constexpr size_t kBytes = 16 * Stitched::kGroup;
  Stitched gcm(powers);
  for (; bytes >= kBytes; data += kBytes, bytes -= kBytes) {
    gcm.low = gcm.middle = gcm.high = Wide::zero();
#pragma GCC unroll 8
    for (int i = 0; i < Stitched::kRegisters; i++) gcm.hash(data, i, y);
    y = gcm.reduced();
  }
}

template <class Wide, bool kOpen>
inline void stitched(const AesniKey& key, const __m128i* powers, __m128i& counter, __m128i& y, uint8_t*& text,
                     size_t& bytes) {
  GcmStitched<Wide> gcm(powers);
  if (key.count == 10) {
    gcm.template run<10, kOpen>(key, counter, y, text, bytes);
  } else if (key.count == 12) {
    gcm.template run<12, kOpen>(key, counter, y, text, bytes);
  } else {
    gcm.template run<14, kOpen>(key, counter, y, text, bytes);
  }
}

}  // namespace
}  // namespace rp::crypto
