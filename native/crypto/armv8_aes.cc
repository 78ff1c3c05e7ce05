// AES with the ARMv8 cryptographic extension: AESE, AESD and PMULL.
#include <arm_neon.h>

#include "crypto/armv8.h"
#include "crypto/gcm_modes.h"

namespace rp::crypto {
namespace {

struct Armv8 {
  using Block = uint8x16_t;
  struct Key {
    Block rounds[15];
    uint32_t count;  // 10, 12, 14
  };

  static Block zero() { return vdupq_n_u8(0); }
  static Block load(const uint8_t* p) { return vld1q_u8(p); }
  static void store(uint8_t* p, Block x) { vst1q_u8(p, x); }
  static Block loadPart(const uint8_t* p, size_t n) {
    uint8_t block[16] = {};
    __builtin_memcpy(block, p, n);
    return vld1q_u8(block);
  }
  static void storePart(uint8_t* p, Block x, size_t n) {
    uint8_t block[16];
    vst1q_u8(block, x);
    __builtin_memcpy(p, block, n);
  }
  static Block firstBytes(Block x, size_t n) {
    alignas(32) static constexpr uint8_t kMask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                      255, 255, 255, 255, 255, 255, 255, 255};
    return vandq_u8(x, vld1q_u8(kMask + 16 - n));
  }
  static Block add(Block a, Block b) { return veorq_u8(a, b); }
  static Block swapHalves(Block x) { return vextq_u8(x, x, 8); }
  static Block reverse(Block x) { return swapHalves(vrev64q_u8(x)); }
  static Block increment(Block x) {
    const uint32_t one[4] = {1, 0, 0, 0};
    return vreinterpretq_u8_u32(vaddq_u32(vreinterpretq_u32_u8(x), vld1q_u32(one)));
  }
  static Block pair(uint64_t high, uint64_t low) {
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
  }

  // SubWord through AESE: with the word in all four columns ShiftRows changes nothing.
  static uint32_t subWord(uint32_t w) {
    return vgetq_lane_u32(vreinterpretq_u32_u8(vaeseq_u8(vreinterpretq_u8_u32(vdupq_n_u32(w)), zero())), 0);
  }
  static void expand(Key& key, const uint8_t* bytes, size_t keyBytes) {
    const uint32_t nk = uint32_t(keyBytes / 4);
    key.count = nk + 6;
    uint32_t w[60], rcon = 1;
    __builtin_memcpy(w, bytes, keyBytes);
    for (uint32_t i = nk; i < 4 * (key.count + 1); i++) {
      uint32_t t = w[i - 1];
      if (i % nk == 0) {
        t = subWord(t >> 8 | t << 24) ^ rcon;
        rcon = (rcon << 1) ^ (rcon >> 7) * 0x11b;
      } else if (nk > 6 && i % nk == 4) {
        t = subWord(t);
      }
      w[i] = w[i - nk] ^ t;
    }
    for (uint32_t r = 0; r <= key.count; r++) key.rounds[r] = vreinterpretq_u8_u32(vld1q_u32(w + 4 * r));
    for (auto& x : w) *const_cast<volatile uint32_t*>(&x) = 0;
  }
  // The schedule of the equivalent inverse cipher (FIPS 197 5.3.5).
  static void invert(Key& inverse, const Key& key) {
    inverse.count = key.count;
    inverse.rounds[0] = key.rounds[key.count];
    for (uint32_t r = 1; r < key.count; r++) inverse.rounds[r] = vaesimcq_u8(key.rounds[key.count - r]);
    inverse.rounds[key.count] = key.rounds[0];
  }
  template <int n>
  static void encrypt(const Key& key, Block x[n]) {
    for (uint32_t r = 0; r + 1 < key.count; r++) {
      const Block k = key.rounds[r];
      for (int i = 0; i < n; i++) x[i] = vaesmcq_u8(vaeseq_u8(x[i], k));
    }
    const Block k = key.rounds[key.count - 1], last = key.rounds[key.count];
    for (int i = 0; i < n; i++) x[i] = veorq_u8(vaeseq_u8(x[i], k), last);
  }
  template <int n>
  static void decrypt(const Key& key, Block x[n]) {
    for (uint32_t r = 0; r + 1 < key.count; r++) {
      const Block k = key.rounds[r];
      for (int i = 0; i < n; i++) x[i] = vaesimcq_u8(vaesdq_u8(x[i], k));
    }
    const Block k = key.rounds[key.count - 1], last = key.rounds[key.count];
    for (int i = 0; i < n; i++) x[i] = veorq_u8(vaesdq_u8(x[i], k), last);
  }
  // Each block under its own key, all of the same length.
  template <int n>
  static void encryptEach(const Key* const keys[n], Block x[n]) {
    const uint32_t count = keys[0]->count;
    for (uint32_t r = 0; r + 1 < count; r++) {
      for (int i = 0; i < n; i++) x[i] = vaesmcq_u8(vaeseq_u8(x[i], keys[i]->rounds[r]));
    }
    for (int i = 0; i < n; i++) x[i] = veorq_u8(vaeseq_u8(x[i], keys[i]->rounds[count - 1]), keys[i]->rounds[count]);
  }

  // GHASH over byte-reversed blocks, as with PCLMULQDQ (ghash_pclmul.h).
  struct Sum {
    Block low, middle, high;
  };
  static uint64_t half(Block x, int i) {
    const uint64x2_t v = vreinterpretq_u64_u8(x);
    return i == 0 ? vgetq_lane_u64(v, 0) : vgetq_lane_u64(v, 1);
  }
  // Of the lower halves, and of the upper ones.
  static Block multiplyLow(Block a, Block b) {
    const poly64x2_t x = vreinterpretq_p64_u8(a), y = vreinterpretq_p64_u8(b);
    return vreinterpretq_u8_p128(vmull_p64(vgetq_lane_p64(x, 0), vgetq_lane_p64(y, 0)));
  }
  static Block multiplyHigh(Block a, Block b) {
    return vreinterpretq_u8_p128(vmull_high_p64(vreinterpretq_p64_u8(a), vreinterpretq_p64_u8(b)));
  }
  static Block hashKey(Block h) {
    const uint64_t low = half(h, 0), high = half(h, 1), top = 0 - (high >> 63);
    return pair((high << 1 | low >> 63) ^ (top & 0xc200000000000000), (low << 1) ^ (top & 1));
  }
  static Sum product(Block x, Block h) {
    const Block crossed = swapHalves(h);
    return {multiplyLow(x, h), veorq_u8(multiplyLow(x, crossed), multiplyHigh(x, crossed)), multiplyHigh(x, h)};
  }
  static void accumulate(Sum& s, Block x, Block h) {
    const Sum p = product(x, h);
    s.low = veorq_u8(s.low, p.low);
    s.middle = veorq_u8(s.middle, p.middle);
    s.high = veorq_u8(s.high, p.high);
  }
  static Block reduce(const Sum& s) {
    Block low = veorq_u8(s.low, vextq_u8(zero(), s.middle, 8));
    const Block high = veorq_u8(s.high, vextq_u8(s.middle, zero(), 8));
    const Block poly = pair(1, 0xc200000000000000);
    for (int i = 0; i < 2; i++) low = veorq_u8(swapHalves(low), multiplyLow(low, poly));
    return veorq_u8(high, low);
  }
};

}  // namespace

const AeadKernel kArmv8Gcm = GcmModes<Armv8>::kKernel;
const CipherKernel kArmv8Cbc = AesModes<Armv8>::kCbc;
const CipherKernel kArmv8Ctr = AesModes<Armv8>::kCtr;
const CbcMacKernel kArmv8CbcMac = AesModes<Armv8>::kCbcMac;

}  // namespace rp::crypto
