// Four short packets of AES-GCM side by side, which may have different keys of one length: the latency of each is
// hidden by the others, and one reduction serves them all. Internal linkage, see kernel.h.
#pragma once
#include "crypto/avx512_gcm_packet.h"

namespace rp::crypto {
namespace {

// Of header and text. Eight registers hold them and the lengths.
constexpr size_t kShortBytes = 8 * 64 - 16;
static_assert(kShortBytes / 16 + 1 == kNearPowers);

template <class Product, int kRounds, bool kOpen, bool kOneKey>
inline __attribute__((always_inline)) void fourPackets(AeadJob* jobs) {
  const GcmContext* gcm[4];
  uint8_t* base[4];
  size_t bytes[4];
  const __m128i *powers[4], *sums[4];
  __m128i aad[4], lengths[4], mask[4];
  __m512i counter[4];
  uint64_t lengthLanes[4];  // two bits for each block of the stream
  unsigned registers = 0;
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const GcmPacket p(jobs[i]);
    gcm[i] = kOneKey && i > 0 ? gcm[0] : p.gcm;
    base[i] = p.base;
    bytes[i] = p.bytes;
    powers[i] = p.gcm->nearPowers + (kNearPowers - p.blocks);
    sums[i] = p.gcm->nearSums + (kNearPowers - p.blocks);
    aad[i] = p.aad;
    lengths[i] = p.lengths;
    counter[i] = firstCounters(p.counter);
    lengthLanes[i] = uint64_t(3) << (2 * (p.blocks - 1));
    const unsigned n = (p.blocks + 3) / 4;
    registers = n > registers ? n : registers;
  }
  GhashLanes<Product> sum[4];
  for (unsigned t = 0; t < registers; t++) {
    __m512i s[4], k;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      if (!kOneKey || i == 0) k = spreadBlock(gcm[i]->aes.rounds[0]);
      s[i] = _mm512_xor_si512(counter[i], k);
      counter[i] = fourMore(counter[i]);
    }
#pragma GCC unroll 14
    for (int r = 1; r < kRounds; r++) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        if (!kOneKey || i == 0) k = spreadBlock(gcm[i]->aes.rounds[r]);
        s[i] = _mm512_aesenc_epi128(s[i], k);
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      if (!kOneKey || i == 0) k = spreadBlock(gcm[i]->aes.rounds[kRounds]);
      s[i] = _mm512_aesenclast_epi128(s[i], k);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      uint8_t* const p = base[i] + 64 * size_t(t);
      __mmask64 part = bytes[i] >= 64 ? ~__mmask64(0) : _bzhi_u64(~uint64_t(0), unsigned(bytes[i]));
      bytes[i] -= bytes[i] >= 64 ? 64 : bytes[i];
      const __m512i in = _mm512_maskz_loadu_epi8(part, p), out = _mm512_xor_si512(in, s[i]);
      __m512i hashed = reverseEach(kOpen ? in : _mm512_maskz_mov_epi8(part, out));
      if (t == 0) {
        mask[i] = _mm512_castsi512_si128(s[i]);
        part &= ~__mmask64(0xffff);
        hashed = _mm512_inserti32x4(hashed, aad[i], 0);
      }
      _mm512_mask_storeu_epi8(p, part, out);
      hashed = _mm512_mask_mov_epi64(hashed, __mmask8(lengthLanes[i]), spreadBlock(lengths[i]));
      lengthLanes[i] >>= 8;
      sum[i].add(hashed, powers[i] + 4 * t, sums[i] + 4 * t);
    }
  }
  const __m512i hash = reverseEach(reduceFour(sum));
  const __m128i tags[4] = {_mm512_castsi512_si128(hash), _mm512_extracti32x4_epi32(hash, 1),
                           _mm512_extracti32x4_epi32(hash, 2), _mm512_extracti32x4_epi32(hash, 3)};
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const __m128i tag = _mm_xor_si128(tags[i], mask[i]);
    if (kOpen) {
      jobs[i].ok = checkTag(jobs[i], tag);
    } else {
      storeTag(jobs[i], tag);
    }
  }
}

}  // namespace
}  // namespace rp::crypto
