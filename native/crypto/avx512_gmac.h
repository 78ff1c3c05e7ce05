// GCM without a text, which is GMAC (NIST SP 800-38D 3): GHASH over the aad, four blocks to a register. Internal
// linkage, see kernel.h.
#pragma once
#include "crypto/avx512_gcm_packet.h"

namespace rp::crypto {
namespace {

// The hash goes on from `y` over `bytes` of data, the last block padded with zeros, and over `lengths` if that is the
// end. At most kPowers blocks in all.
template <class Product>
inline __m128i gmacPart(const GcmContext& gcm, __m128i y, const uint8_t* data, size_t bytes, bool end,
                        __m128i lengths) {
  const unsigned blocks = unsigned((bytes + 15) / 16 + end), registers = (blocks + 3) / 4;
  const __m128i* powers = gcm.powers + (kPowers - blocks);
  const __m128i* sums = gcm.sums + (kPowers - blocks);
  GhashLanes<Product> sum;
  __m512i first = _mm512_zextsi128_si512(y);
  unsigned t = 0;
  // All but the last two registers are full of data.
  for (; t + 4 <= registers; t += 2, data += 128, bytes -= 128, powers += 8, sums += 8) {
    const __m512i x0 = _mm512_xor_si512(reverseEach(_mm512_loadu_si512(data)), first);
    sum.add(x0, reverseEach(_mm512_loadu_si512(data + 64)), powers, sums);
    first = _mm512_setzero_si512();
  }
  for (; t < registers; t++, powers += 4, sums += 4) {
    __m512i x = reverseEach(_mm512_maskz_loadu_epi8(firstBytes(bytes), data));
    const size_t n = bytes < 64 ? bytes : 64;
    data += n;
    bytes -= n;
    if (end && t == registers - 1) {
      const unsigned lane = (blocks - 1) % 4;
      x = _mm512_mask_mov_epi64(x, __mmask8(3u << (2 * lane)), spreadBlock(lengths));
    }
    sum.add(_mm512_xor_si512(x, first), powers, sums);
    first = _mm512_setzero_si512();
  }
  return reduce(sum);
}

template <class Product>
inline void gmac(const GcmContext& gcm, const AeadText& m, uint8_t tag[16]) {
  const __m128i j0 = _mm_insert_epi32(loadMasked(m.nonce, 12), 0x01000000, 3);
  const __m128i mask = aesniBlock(gcm.aes, j0);
  const __m128i lengths = _mm_set_epi64x(int64_t(m.aadBytes * 8), 0);
  __m128i y = _mm_setzero_si128();
  const uint8_t* aad = m.aad;
  size_t left = m.aadBytes;
  for (; (left + 15) / 16 >= kPowers; aad += 16 * kPowers, left -= 16 * kPowers) {
    // Not whole only if it is the end of the data.
    const size_t n = left < 16 * kPowers ? left : 16 * kPowers;
    y = gmacPart<Product>(gcm, y, aad, n, false, lengths);
    if (n == left) {
      left = 0;
      break;
    }
  }
  y = gmacPart<Product>(gcm, y, aad, left, true, lengths);
  storeBlock(tag, _mm_xor_si128(reverseBytes(y), mask));
}

}  // namespace
}  // namespace rp::crypto
