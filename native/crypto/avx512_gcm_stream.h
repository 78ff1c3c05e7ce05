// AES-GCM over one message: a stream of blocks, whose first is the place of the last block of aad, then the text, then
// the block of lengths. The counter of the aad's place is J0, whose keystream masks the tag, so the text's counters
// follow on. Internal linkage, see kernel.h.
#pragma once
#include "crypto/avx512_gcm_packet.h"

namespace rp::crypto {
namespace {

// Blocks that need no carry out of the counter's last byte.
constexpr unsigned kCounters = 256;

struct Segment {
  uint8_t* base;     // of the first block
  size_t bytes;      // of data from there on
  unsigned blocks;   // with the block of lengths, if it is the last
  __m128i counter;   // of the first block
  __m128i y;         // goes into the first block: the hash so far
  bool first, last;  // the first has aad in the place of its first block, which is not written
  __m128i lengths;
  GhashPowers table;  // of a multiple of 16: when they are at their end the hash is reduced
};

// Returns the hash; `keystream` becomes that of the first block.
// kWhole: first and last at once, and the memory of the first block may be read.
template <class Product, int kRounds, bool kOpen, bool kWhole>
inline __attribute__((always_inline)) __m128i run(const GcmContext& gcm, const Segment& g, __m128i& keystream) {
  const __m128i* keys = gcm.aes.rounds;
  const __m128i *powers, *sums;
  unsigned left = g.blocks, part;
  const unsigned registers = (g.blocks + 3) / 4, groups = registers / 4, rest = registers % 4;
  const unsigned full = unsigned(g.bytes / 64);
  __m512i counter = firstCounters(g.counter);
  GhashLanes<Product> sum;
  __m512i s[4], x[4];
  const auto begin = [&] {
    part = left < g.table.count ? left : g.table.count;
    left -= part;
    powers = g.table.powers + (g.table.count - part);
    sums = g.table.sums + (g.table.count - part);
  };
  begin();
  // Before a group is hashed.
  const auto goOn = [&] {
    if (__builtin_expect(part == 0, 0)) {
      x[0] = _mm512_xor_si512(x[0], _mm512_zextsi128_si512(reduce(sum)));
      sum = {};
      begin();
    }
    part -= part < 16 ? part : 16;
  };

  // XORs the keystream into register t of the text; returns what is to be hashed.
  const auto apply = [&](unsigned t, __m512i stream) {
    uint8_t* const p = g.base + 64 * size_t(t);
    __m512i hashed;
    if (kWhole && t == 0) {
      // The header is in memory too, but only what comes behind it is written.
      const __mmask64 mask = full > 0 ? ~__mmask64(0) : firstBytes(g.bytes);
      const __m512i in = _mm512_maskz_loadu_epi8(mask, p), out = _mm512_xor_si512(in, stream);
      keystream = _mm512_castsi512_si128(stream);
      _mm512_mask_storeu_epi8(p, mask & ~__mmask64(0xffff), out);
      hashed = _mm512_inserti32x4(reverseEach(kOpen ? in : _mm512_maskz_mov_epi8(mask, out)), g.y, 0);
    } else if (t > 0 && t < full) {
      const __m512i in = _mm512_loadu_si512(p), out = _mm512_xor_si512(in, stream);
      _mm512_storeu_si512(p, out);
      hashed = reverseEach(kOpen ? in : out);
    } else {
      __mmask64 mask = g.bytes > 64 * size_t(t) ? firstBytes(g.bytes - 64 * size_t(t)) : 0;
      if (t == 0) {
        keystream = _mm512_castsi512_si128(stream);
        if (g.first) mask &= ~__mmask64(0xffff);
      }
      const __m512i in = _mm512_maskz_loadu_epi8(mask, p),
                    out = _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(in, stream));
      _mm512_mask_storeu_epi8(p, mask, out);
      hashed = reverseEach(kOpen ? in : out);
      if (t == 0) hashed = _mm512_xor_si512(hashed, _mm512_zextsi128_si512(g.y));
    }
    if ((kWhole || g.last) && t == registers - 1) {
      const unsigned lane = (g.blocks - 1) % 4;
      hashed = _mm512_mask_xor_epi64(hashed, __mmask8(3u << (2 * lane)), hashed, spreadBlock(g.lengths));
    }
    return hashed;
  };
  const auto next = [&] {
    const __m512i now = counter;
    counter = fourMore(counter);
    return now;
  };
  const auto hashGroup = [&] {
    goOn();
    sum.add(x[0], x[1], powers, sums);
    sum.add(x[2], x[3], powers + 8, sums + 8);
    powers += 16;
    sums += 16;
  };

  // The hash of one group of sixteen blocks runs in the shadow of the encryption of the next.
  for (unsigned group = 0; group < groups; group++) {
    const unsigned t = 4 * group;
    if (group > 0 && t + 4 <= full && t + 4 < registers) {
      // In the middle of the stream, where nothing is special: rounds and products interleaved by hand.
      goOn();
      __m512i k = spreadBlock(keys[0]);
      for (auto& block : s) block = _mm512_xor_si512(next(), k);
      const auto round = [&](int r) {
        k = spreadBlock(keys[r]);
        for (auto& block : s) block = _mm512_aesenc_epi128(block, k);
      };
      if constexpr (Product::kFolds) {
        round(1);
        __m512i h = _mm512_loadu_si512(powers);
        __m512i l0 = _mm512_clmulepi64_epi128(x[0], h, 0x00), h0 = _mm512_clmulepi64_epi128(x[0], h, 0x11);
        round(2);
        __m512i folded = _mm512_xor_si512(_mm512_unpacklo_epi64(x[0], x[1]), _mm512_unpackhi_epi64(x[0], x[1]));
        h = _mm512_loadu_si512(powers + 4);
        __m512i l1 = _mm512_clmulepi64_epi128(x[1], h, 0x00);
        round(3);
        __m512i h1 = _mm512_clmulepi64_epi128(x[1], h, 0x11);
        sum.low = xor3(sum.low, l0, l1);
        round(4);
        h = _mm512_loadu_si512(sums);
        __m512i m0 = _mm512_clmulepi64_epi128(folded, h, 0x00);
        sum.high = xor3(sum.high, h0, h1);
        round(5);
        __m512i m1 = _mm512_clmulepi64_epi128(folded, h, 0x11);
        h = _mm512_loadu_si512(powers + 8);
        l0 = _mm512_clmulepi64_epi128(x[2], h, 0x00);
        round(6);
        sum.middle = xor3(sum.middle, m0, m1);
        h0 = _mm512_clmulepi64_epi128(x[2], h, 0x11);
        round(7);
        folded = _mm512_xor_si512(_mm512_unpacklo_epi64(x[2], x[3]), _mm512_unpackhi_epi64(x[2], x[3]));
        h = _mm512_loadu_si512(powers + 12);
        l1 = _mm512_clmulepi64_epi128(x[3], h, 0x00);
        round(8);
        h1 = _mm512_clmulepi64_epi128(x[3], h, 0x11);
        sum.low = xor3(sum.low, l0, l1);
        round(9);
        h = _mm512_loadu_si512(sums + 8);
        m0 = _mm512_clmulepi64_epi128(folded, h, 0x00);
        sum.high = xor3(sum.high, h0, h1);
#pragma GCC unroll 4
        for (int r = 10; r < kRounds; r++) round(r);
        m1 = _mm512_clmulepi64_epi128(folded, h, 0x11);
        sum.middle = xor3(sum.middle, m0, m1);
      } else {
#pragma GCC unroll 4
        for (int r = 1; r < 5; r++) round(r);
        sum.add(x[0], x[1], powers, sums);
#pragma GCC unroll 4
        for (int r = 5; r < 9; r++) round(r);
        sum.add(x[2], x[3], powers + 8, sums + 8);
#pragma GCC unroll 6
        for (int r = 9; r < kRounds; r++) round(r);
      }
      k = spreadBlock(keys[kRounds]);
      for (auto& block : s) block = _mm512_aesenclast_epi128(block, k);
      powers += 16;
      sums += 16;
      uint8_t* const p = g.base + 64 * size_t(t);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        const __m512i in = _mm512_loadu_si512(p + 64 * i), out = _mm512_xor_si512(in, s[i]);
        _mm512_storeu_si512(p + 64 * i, out);
        x[i] = reverseEach(kOpen ? in : out);
      }
      continue;
    }
    for (auto& block : s) block = next();
    encryptWide<kRounds, 4>(keys, s);
    if (group > 0) hashGroup();
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) x[i] = apply(t + i, s[i]);
  }
  if (rest > 0) {
    for (int i = 0; i < 3; i++) s[i] = next();
    if (rest == 1) encryptWide<kRounds, 1>(keys, s);
    if (rest == 2) encryptWide<kRounds, 2>(keys, s);
    if (rest == 3) encryptWide<kRounds, 3>(keys, s);
    if (groups > 0) hashGroup();
    const unsigned t = 4 * groups;
    const __m512i none = _mm512_setzero_si512();
    x[0] = apply(t, s[0]);
    goOn();
    x[1] = rest > 1 ? apply(t + 1, s[1]) : none;
    sum.add(x[0], x[1], powers, sums);
    if (rest > 2) sum.add(apply(t + 2, s[2]), powers + 8, sums + 8);
  } else {
    hashGroup();
  }
  return reduce(sum);
}

}  // namespace
}  // namespace rp::crypto
