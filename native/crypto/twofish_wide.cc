// Twofish with GFNI and VBMI, for 64 blocks under one key: the key-dependent S-boxes are tables of 256 bytes, looked up
// in registers that were loaded whole, so that nothing of the data shows in the cache; the MDS matrix is one of bits.
#include "crypto/lanes512.h"
#include "crypto/portable.h"
#include "crypto/twofish.h"
#include "crypto/wide_ciphers.h"

namespace rp::crypto {
namespace {

// Multiplication by `factor` in GF(2^8) modulo x^8 + x^6 + x^5 + x^3 + 1, as GF2P8AFFINEQB has it.
constexpr uint64_t multiplication(unsigned factor) {
  uint64_t m = 0;
  for (int in = 0; in < 8; in++) {
    unsigned product = factor;
    for (int i = 0; i < in; i++) product = product << 1 ^ (product & 0x80 ? 0x169 : 0);
    for (int out = 0; out < 8; out++) m |= uint64_t(product >> out & 1) << (8 * (7 - out) + in);
  }
  return m;
}
constexpr uint64_t kEf = multiplication(0xef), k5b = multiplication(0x5b);
// The least significant bit of a byte from the most significant of its lower neighbour, and the other way round.
constexpr uint64_t kTopToBottom = uint64_t(0x80) << 56, kBottomToTop = 1;

struct Twofish {
  static constexpr size_t kBlock = 16;
  using Context = TwofishKey;
  static const CipherKernel& few() { return kPortableTwofishCbc; }

  struct Schedule {
    const TwofishKey* key;
    bool decrypt;

    inline bool prepare(const Context* const keys[kLanes], bool backwards) {
      key = keys[0];
      decrypt = backwards;
      for (size_t i = 1; i < kLanes; i++) {
        if (keys[i] != key) return false;
      }
      return true;
    }
    inline void wipe() {}
  };

  static inline V times(V x, uint64_t m) { return _mm512_gf2p8affine_epi64_epi8(x, matrix(m), 0); }

  // Words are four vectors, the most significant byte first as add32 has it: byte 0 of the cipher is x[3].
  static inline void g(const TwofishKey& key, const V x[4], int first, V out[4]) {
    // `first`: which vector is byte 0; 3, or 0 for a word turned left by 8.
    const V s0 = Table256(key.s[0]).at(x[first]), s1 = Table256(key.s[1]).at(x[(first + 3) % 4]);
    const V s2 = Table256(key.s[2]).at(x[(first + 2) % 4]), s3 = Table256(key.s[3]).at(x[(first + 1) % 4]);
    const V e0 = times(s0, kEf), e1 = times(s1, kEf), e2 = times(s2, kEf), e3 = times(s3, kEf);
    const V f0 = times(s0, k5b), f1 = times(s1, k5b), f2 = times(s2, k5b), f3 = times(s3, k5b);
    out[3] = xor3(xor2(s0, e1), f2, f3);
    out[2] = xor3(xor2(f0, e1), e2, s3);
    out[1] = xor3(xor2(e0, f1), s2, e3);
    out[0] = xor3(xor2(e0, s1), e2, f3);
  }
  static inline V byteOf(uint32_t word, int j) { return _mm512_set1_epi8(char(word >> (24 - 8 * j))); }
  static inline void addKey(V x[4], uint32_t word) {
    V k[4];
    for (int j = 0; j < 4; j++) k[j] = byteOf(word, j);
    add32(x, x, k);
  }
  static inline void turnLeft(V x[4]) {
    V t[4];
    for (int j = 0; j < 4; j++) {
      t[j] = _mm512_or_si512(_mm512_add_epi8(x[j], x[j]), times(x[(j + 1) % 4], kTopToBottom));
    }
    for (int j = 0; j < 4; j++) x[j] = t[j];
  }
  static inline void turnRight(V x[4]) {
    // Halves each byte: bit i from bit i + 1.
    constexpr uint64_t kHalf = 0x0204081020408000;
    V t[4];
    for (int j = 0; j < 4; j++) t[j] = _mm512_or_si512(times(x[j], kHalf), times(x[(j + 3) % 4], kBottomToTop));
    for (int j = 0; j < 4; j++) x[j] = t[j];
  }

  // F of the words a and b for round `r` into f0 and f1.
  static inline void f(const TwofishKey& key, int r, const V a[4], const V b[4], V f0[4], V f1[4]) {
    V t1[4];
    g(key, a, 3, f0);
    g(key, b, 0, t1);
    add32(f0, f0, t1);
    add32(f1, f0, t1);
    addKey(f0, key.k[8 + 2 * r]);
    addKey(f1, key.k[9 + 2 * r]);
  }
  template <bool kDecrypt>
  static inline void round(const TwofishKey& key, int r, const V a[4], const V b[4], V c[4], V d[4]) {
    V f0[4], f1[4];
    f(key, r, a, b, f0, f1);
    turnLeft(kDecrypt ? c : d);
    for (int j = 0; j < 4; j++) {
      c[j] = xor2(c[j], f0[j]);
      d[j] = xor2(d[j], f1[j]);
    }
    turnRight(kDecrypt ? d : c);
  }

  template <bool kDecrypt>
  static inline void run(const TwofishKey& key, uint8_t* blocks) {
    V x[16], r[4][4];
    for (int i = 0; i < 16; i++) x[i] = loadV(blocks + 64 * i);
    transpose16(x);
    for (int w = 0; w < 4; w++) {
      const uint32_t k = key.k[kDecrypt ? 4 + w : w];
      V* const to = r[kDecrypt ? w ^ 2 : w];
      for (int j = 0; j < 4; j++) to[j] = xor2(x[4 * w + 3 - j], byteOf(k, j));
    }
    for (int i = 0; i < 16; i += 2) {
      if (kDecrypt) {
        round<true>(key, 15 - i, r[2], r[3], r[0], r[1]);
        round<true>(key, 14 - i, r[0], r[1], r[2], r[3]);
      } else {
        round<false>(key, i, r[0], r[1], r[2], r[3]);
        round<false>(key, i + 1, r[2], r[3], r[0], r[1]);
      }
    }
    for (int w = 0; w < 4; w++) {
      const uint32_t k = key.k[kDecrypt ? w : 4 + w];
      const V* const from = r[kDecrypt ? w : w ^ 2];
      for (int j = 0; j < 4; j++) x[4 * w + 3 - j] = xor2(from[j], byteOf(k, j));
    }
    transpose16(x);
    for (int i = 0; i < 16; i++) storeV(blocks + 64 * i, x[i]);
  }
  static void crypt(const Schedule& s, uint8_t* blocks) {
    s.decrypt ? run<true>(*s.key, blocks) : run<false>(*s.key, blocks);
  }
};

using Modes = Lanes512<Twofish, 10>;

void encrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  kPortableTwofishCbc.encrypt(context, iv, text, bytes);
}

}  // namespace

const CipherKernel kWideTwofishCbc = {sizeof(TwofishKey), twofishExpand,      encrypt,
                                      Modes::decrypt,     Modes::encryptMany, Modes::decryptMany};

}  // namespace rp::crypto
