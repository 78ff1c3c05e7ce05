// ChaCha20-Poly1305 with AVX-512 and its IFMA. A batch goes through sixteen lanes, of blocks for ChaCha20 and of
// packets for Poly1305.
#include <immintrin.h>

#include "crypto/chacha20_avx512.h"
#include "crypto/chacha20_x86.h"
#include "crypto/poly1305_ifma.h"

namespace rp::crypto {
namespace {

void seal(const void* context, const AeadText& m, uint8_t tag[16]) {
  sealChaCha(context, m, tag, ChaCha512::apply, blocksOf);
}
void open(const void* context, const AeadText& m, uint8_t tag[16]) {
  openChaCha(context, m, tag, ChaCha512::apply, blocksOf);
}

constexpr size_t kPackets = 32;
constexpr size_t kGo = 16 * 64;

// RFC 8439 2.8: aad, text and their lengths; the first two padded with zeros. In ESP the aad is SPI | sequence number,
// or SPI | high half | sequence number (RFC 7634 2.1).
void macOf(MacJob& m, const AeadJob& j, const uint8_t key[32]) {
  uint8_t* const text = j.packet + kAeadJobHeader;
  m.context = key;
  m.text = text;
  m.textBlocks = j.textBytes / 16;
  m.headBlocks = 1;
  m.tailBlocks = 1;
  __builtin_memset(m.head, 0, 16);
  __builtin_memcpy(m.head, j.packet, 8);
  if (j.esn) {
    const uint32_t high = __builtin_bswap32(j.sequenceHigh);
    __builtin_memcpy(m.head + 8, j.packet + 4, 4);
    __builtin_memcpy(m.head + 4, &high, 4);
  }
  uint8_t* tail = m.tail;
  if (const unsigned rest = j.textBytes % 16; rest > 0) {
    const __mmask16 mask = __mmask16((1u << rest) - 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(tail), _mm_maskz_loadu_epi8(mask, text + 16 * m.textBlocks));
    m.tailBlocks = 2;
    tail += 16;
  }
  const uint64_t lengths[2] = {j.esn ? 12u : 8u, j.textBytes};
  __builtin_memcpy(tail, lengths, 16);
}

// Whole goes of a text by itself, what is left of it in lanes.
void crypt(ChaCha512::Lanes& lanes, const AeadJob& j) {
  uint8_t* text = j.packet + kAeadJobHeader;
  size_t left = j.textBytes;
  uint32_t count = 1;
  if (const size_t whole = left / kGo * kGo; whole > 0) {
    uint32_t nonce[3] = {j.salt};
    __builtin_memcpy(nonce + 1, j.packet + 8, 8);
    ChaCha512::apply(static_cast<const ChaChaContext*>(j.context)->key, count, nonce, text, whole);
    text += whole;
    left -= whole;
    count += uint32_t(whole / 64);
  }
  for (; left > 0; count++) {
    const size_t n = left < 64 ? left : 64;
    lanes.add(j.context, j.salt, j.packet + 8, count, text, n);
    text += n;
    left -= n;
  }
}

template <bool kOpen>
void packets(AeadJob* jobs, size_t count) {
  ChaCha512::Lanes lanes;
  // Block 0 begins with Poly1305's key.
  alignas(64) uint8_t keys[kPackets][32];
  MacJob macs[kPackets];
  __builtin_memset(keys, 0, 32 * count);
  for (size_t i = 0; i < count; i++) {
    lanes.add(jobs[i].context, jobs[i].salt, jobs[i].packet + 8, 0, keys[i], 32);
    if (!kOpen) crypt(lanes, jobs[i]);
  }
  lanes.flush();
  for (size_t i = 0; i < count; i++) macOf(macs[i], jobs[i], keys[i]);
  Poly1305Lanes(macs, count).run();
  for (size_t i = 0; i < count; i++) {
    AeadJob& j = jobs[i];
    uint8_t* const icv = j.packet + kAeadJobHeader + j.textBytes;
    const __mmask16 mask = __mmask16((1u << j.icvBytes) - 1);
    const __m128i tag = _mm_loadu_si128(reinterpret_cast<const __m128i*>(macs[i].state));
    if (!kOpen) {
      _mm_mask_storeu_epi8(icv, mask, tag);
      continue;
    }
    j.ok = _mm_mask_cmpneq_epi8_mask(mask, _mm_maskz_loadu_epi8(mask, icv), tag) == 0;
    if (j.ok) {
      crypt(lanes, j);
    } else {
      __builtin_memset(j.packet + kAeadJobHeader, 0, j.textBytes);
    }
  }
  if (kOpen) lanes.flush();
  __builtin_memset(keys, 0, sizeof keys);
  __builtin_memset(macs, 0, sizeof macs);
  __asm__ volatile("" : : "r"(keys), "r"(macs) : "memory");
}

template <bool kOpen>
void many(AeadJob* jobs, size_t count) {
  for (; count > kPackets; jobs += kPackets, count -= kPackets) packets<kOpen>(jobs, kPackets);
  packets<kOpen>(jobs, count);
}

}  // namespace

const AeadKernel kIfmaChacha20Poly1305 = {sizeof(ChaChaContext), expandChaCha, seal, open, many<false>, many<true>};

}  // namespace rp::crypto
