// What the kernels of AES-GCM want to know of an ESP packet. Internal linkage, see kernel.h.
#pragma once
#include "crypto/avx512_ghash.h"

namespace rp::crypto {
namespace {

inline __m128i loadMasked(const uint8_t* p, size_t bytes) {
  return _mm_maskz_loadu_epi8(__mmask16((1u << bytes) - 1), p);
}

struct GcmPacket {
  const GcmContext* gcm;
  uint8_t* base;    // of the stream: the header, in whose place the aad is hashed
  size_t bytes;     // of header and text
  unsigned blocks;  // with the block of lengths
  __m128i aad;      // byte-reversed, as all that is hashed
  __m128i lengths;  // byte-reversed
  __m128i counter;  // J0 (NIST SP 800-38D 7.1)

  explicit GcmPacket(const AeadJob& j) {
    gcm = static_cast<const GcmContext*>(j.context);
    base = j.packet;
    bytes = j.textBytes + size_t(kAeadJobHeader);
    blocks = unsigned((bytes + 15) / 16 + 1);
    // Control bytes for a byte-reversed aad: SPI | sequence number, or SPI | high half | sequence number (RFC 4106 5).
    alignas(16) static constexpr int8_t kAad[2][16] = {{-1, -1, -1, -1, -1, -1, -1, -1, 7, 6, 5, 4, 3, 2, 1, 0},
                                                       {-1, -1, -1, -1, 7, 6, 5, 4, 8, 9, 10, 11, 3, 2, 1, 0}};
    const __m128i header = loadBlock(base);
    aad = _mm_shuffle_epi8(_mm_insert_epi32(header, int(j.sequenceHigh), 2),
                           _mm_load_si128(reinterpret_cast<const __m128i*>(kAad[j.esn])));
    lengths = _mm_set_epi64x(64 + 32 * int64_t(j.esn), int64_t(j.textBytes) * 8);
    counter = _mm_or_si128(_mm_maskz_shuffle_epi32(0x6, header, _MM_PERM_ENUM(_MM_SHUFFLE(0, 3, 2, 0))),
                           _mm_set_epi32(0x01000000, 0, 0, int(j.salt)));
  }
};

// The counter is big-endian: adding to its last byte.
inline __m512i firstCounters(__m128i counter) {
  return _mm512_add_epi32(spreadBlock(counter),
                          _mm512_set_epi32(0x03000000, 0, 0, 0, 0x02000000, 0, 0, 0, 0x01000000, 0, 0, 0, 0, 0, 0, 0));
}
inline __m512i fourMore(__m512i counters) {
  return _mm512_add_epi32(counters, spreadBlock(_mm_set_epi32(0x04000000, 0, 0, 0)));
}

inline void storeTag(const AeadJob& j, __m128i tag) {
  _mm_mask_storeu_epi8(j.packet + kAeadJobHeader + j.textBytes, __mmask16((1u << j.icvBytes) - 1), tag);
}
// In constant time; a forgery's text is zeroed.
inline bool checkTag(const AeadJob& j, __m128i tag) {
  const __mmask16 mask = __mmask16((1u << j.icvBytes) - 1);
  uint8_t* const text = j.packet + kAeadJobHeader;
  const __m128i icv = _mm_maskz_loadu_epi8(mask, text + j.textBytes);
  if (_mm_mask_cmpneq_epi8_mask(mask, icv, tag) == 0) return true;
  __builtin_memset(text, 0, j.textBytes);
  return false;
}

}  // namespace
}  // namespace rp::crypto
