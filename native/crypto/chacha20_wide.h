// ChaCha20 (RFC 8439 2.3) over as many blocks at once as a vector has 32-bit lanes. Each including unit compiles it for
// its own instruction set: everything here has internal linkage.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {
namespace {

template <int kLanes>
struct ChaCha20 {
  typedef uint32_t V __attribute__((vector_size(4 * kLanes)));

  template <int n>
  static inline V turn(V x) {
    return x << n | x >> (32 - n);
  }
  static inline void quarter(V& a, V& b, V& c, V& d) {
    a += b;
    d = turn<16>(d ^ a);
    c += d;
    b = turn<12>(b ^ c);
    a += b;
    d = turn<8>(d ^ a);
    c += d;
    b = turn<7>(b ^ c);
  }

  // The state of kLanes blocks from `count` on, word by word.
  static inline void start(V s[16], const uint32_t key[8], uint32_t count, const uint32_t nonce[3]) {
    const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 0; i < 4; i++) s[i] = V{} + constants[i];
    for (int i = 0; i < 8; i++) s[4 + i] = V{} + key[i];
    uint32_t numbers[kLanes];
    for (int i = 0; i < kLanes; i++) numbers[i] = uint32_t(i);
    V lane;
    __builtin_memcpy(&lane, numbers, sizeof lane);
    s[12] = lane + count;
    for (int i = 0; i < 3; i++) s[13 + i] = V{} + nonce[i];
  }
  static inline void rounds(V x[16]) {
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 4; i++) quarter(x[i], x[4 + i], x[8 + i], x[12 + i]);
      for (int i = 0; i < 4; i++) quarter(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
  }

  static inline void apply(const uint32_t key[8], uint32_t count, const uint32_t nonce[3], uint8_t* text,
                           size_t bytes) {
    alignas(64) uint32_t stream[16][kLanes];
    V s[16], x[16];
    start(s, key, count, nonce);
    while (bytes > 0) {
      for (int i = 0; i < 16; i++) x[i] = s[i];
      rounds(x);
      for (int i = 0; i < 16; i++) x[i] += s[i];
      __builtin_memcpy(stream, x, sizeof stream);
      s[12] += kLanes;
      for (int b = 0; b < kLanes && bytes > 0; b++) {
        uint32_t words[16];
        for (int i = 0; i < 16; i++) words[i] = stream[i][b];
        if (bytes >= 64) {
          uint32_t t[16];
          __builtin_memcpy(t, text, 64);
          for (int i = 0; i < 16; i++) t[i] ^= words[i];
          __builtin_memcpy(text, t, 64);
          text += 64;
          bytes -= 64;
        } else {
          uint8_t last[64];
          __builtin_memcpy(last, words, 64);
          for (size_t i = 0; i < bytes; i++) text[i] ^= last[i];
          bytes = 0;
        }
      }
    }
  }
};

}  // namespace
}  // namespace rp::crypto
