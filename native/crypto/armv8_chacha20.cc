// ChaCha20 (RFC 8439 2.3) with NEON: four blocks at a time, a word of each in a vector.
#include <arm_neon.h>

#include "crypto/armv8.h"
#include "crypto/chacha20_poly1305.h"

namespace rp::crypto {
namespace {

using V = uint32x4_t;

template <int n>
inline V turn(V x) {
  return vsriq_n_u32(vshlq_n_u32(x, n), x, 32 - n);
}
template <>
inline V turn<16>(V x) {
  return vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(x)));
}
#if defined(__aarch64__)
template <>
inline V turn<8>(V x) {
  const uint8x16_t order = {3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14};
  return vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(x), order));
}
#endif

// Step by step over four quarter rounds that do not depend on each other. `shift` turns the diagonals into columns.
template <int shift>
inline void quarters(V x[16]) {
  const auto b = [&](int i) -> V& { return x[4 + (i + shift) % 4]; };
  const auto c = [&](int i) -> V& { return x[8 + (i + 2 * shift) % 4]; };
  const auto d = [&](int i) -> V& { return x[12 + (i + 3 * shift) % 4]; };
  for (int i = 0; i < 4; i++) x[i] = vaddq_u32(x[i], b(i));
  for (int i = 0; i < 4; i++) d(i) = turn<16>(veorq_u32(d(i), x[i]));
  for (int i = 0; i < 4; i++) c(i) = vaddq_u32(c(i), d(i));
  for (int i = 0; i < 4; i++) b(i) = turn<12>(veorq_u32(b(i), c(i)));
  for (int i = 0; i < 4; i++) x[i] = vaddq_u32(x[i], b(i));
  for (int i = 0; i < 4; i++) d(i) = turn<8>(veorq_u32(d(i), x[i]));
  for (int i = 0; i < 4; i++) c(i) = vaddq_u32(c(i), d(i));
  for (int i = 0; i < 4; i++) b(i) = turn<7>(veorq_u32(b(i), c(i)));
}

// Four words of four blocks become four words of each block.
inline void transpose(V x[4]) {
  const uint32x4x2_t low = vtrnq_u32(x[0], x[1]), high = vtrnq_u32(x[2], x[3]);
  for (int i = 0; i < 2; i++) {
    x[i] = vcombine_u32(vget_low_u32(low.val[i]), vget_low_u32(high.val[i]));
    x[i + 2] = vcombine_u32(vget_high_u32(low.val[i]), vget_high_u32(high.val[i]));
  }
}

// The keystream of the blocks `count`..`count + 3`: vector 4 w + b is quarter w of block b.
inline void keystream(V x[16], const uint32_t key[8], uint32_t count, const uint32_t nonce[3]) {
  constexpr uint32_t kConstants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  const uint32_t numbers[4] = {0, 1, 2, 3};
  uint32_t s[16];
  for (int i = 0; i < 4; i++) s[i] = kConstants[i];
  for (int i = 0; i < 8; i++) s[4 + i] = key[i];
  s[12] = count;
  for (int i = 0; i < 3; i++) s[13 + i] = nonce[i];
  for (int i = 0; i < 16; i++) x[i] = vdupq_n_u32(s[i]);
  const V counters = vaddq_u32(x[12], vld1q_u32(numbers));
  x[12] = counters;
  for (int round = 0; round < 10; round++) {
    quarters<0>(x);
    quarters<1>(x);
  }
  for (int i = 0; i < 16; i++) x[i] = vaddq_u32(x[i], i == 12 ? counters : vdupq_n_u32(s[i]));
  for (int w = 0; w < 4; w++) transpose(x + 4 * w);
}

void apply(const uint32_t key[8], uint32_t count, const uint32_t nonce[3], uint8_t* text, size_t bytes) {
  V x[16];
  for (; bytes >= 256; text += 256, bytes -= 256, count += 4) {
    keystream(x, key, count, nonce);
    for (int i = 0; i < 16; i++) {
      uint8_t* p = text + 16 * i;
      vst1q_u8(p, veorq_u8(vld1q_u8(p), vreinterpretq_u8_u32(x[4 * (i % 4) + i / 4])));
    }
  }
  if (bytes == 0) return;
  keystream(x, key, count, nonce);
  uint8_t last[256];
  for (int i = 0; i < 16; i++) vst1q_u8(last + 16 * i, vreinterpretq_u8_u32(x[4 * (i % 4) + i / 4]));
  size_t at = 0;
  for (; at + 16 <= bytes; at += 16) vst1q_u8(text + at, veorq_u8(vld1q_u8(text + at), vld1q_u8(last + at)));
  for (; at < bytes; at++) text[at] ^= last[at];
  for (auto& b : last) *const_cast<volatile uint8_t*>(&b) = 0;
}

void seal(const void* context, const AeadText& m, uint8_t tag[16]) { sealChaCha(context, m, tag, apply); }
void open(const void* context, const AeadText& m, uint8_t tag[16]) { openChaCha(context, m, tag, apply); }

}  // namespace

const AeadKernel kArmv8Chacha20Poly1305 = {sizeof(ChaChaContext), expandChaCha, seal, open};

}  // namespace rp::crypto
