// ChaCha20 with eight blocks at a time, Poly1305 with four.
#include "crypto/avx2_transpose.h"
#include "crypto/chacha20_poly1305.h"
#include "crypto/chacha20_wide.h"
#include "crypto/chacha20_x86.h"
#include "crypto/poly1305_avx2.h"

namespace rp::crypto {
namespace {

using Wide = ChaCha20<8>;

// The rounds, two quarters abreast, in the order in which they are written: sixteen registers hold all but two of the
// words then, where the compiler's own order has to keep a third of the steps in memory.
struct Rounds {
  using V = __m256i;
  alignas(32) static constexpr uint8_t kTurn16[32] = {2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
                                                      2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13};
  alignas(32) static constexpr uint8_t kTurn8[32] = {3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
                                                     3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14};

  static inline void add(V& a, V b) { __asm__ volatile("vpaddd %1, %0, %0" : "+x"(a) : "x"(b)); }
  static inline void exclusive(V& a, V b) { __asm__ volatile("vpxor %1, %0, %0" : "+x"(a) : "x"(b)); }
  static inline void order(V& a, const uint8_t (&bytes)[32]) {
    __asm__ volatile("vpshufb %1, %0, %0" : "+x"(a) : "m"(bytes));
  }
  template <int n>
  static inline void turn(V& a) {
    V t;
    __asm__ volatile("vpslld %2, %0, %1\n\tvpsrld %3, %0, %0\n\tvpor %1, %0, %0"
                     : "+x"(a), "=&x"(t)
                     : "i"(n), "i"(32 - n));
  }
  template <int n>
  static inline void half(V& a, V& b, V& c, V& d, V& e, V& f, V& g, V& h, const uint8_t (&bytes)[32]) {
    add(a, b);
    add(e, f);
    exclusive(d, a);
    exclusive(h, e);
    order(d, bytes);
    order(h, bytes);
    add(c, d);
    add(g, h);
    exclusive(b, c);
    exclusive(f, g);
    turn<n>(b);
    turn<n>(f);
  }
  static inline void quarters(V& a, V& b, V& c, V& d, V& e, V& f, V& g, V& h) {
    half<12>(a, b, c, d, e, f, g, h, kTurn16);
    half<7>(a, b, c, d, e, f, g, h, kTurn8);
  }
  static inline void run(V x[16]) {
    for (int round = 0; round < 10; round++) {
      quarters(x[0], x[4], x[8], x[12], x[1], x[5], x[9], x[13]);
      quarters(x[2], x[6], x[10], x[14], x[3], x[7], x[11], x[15]);
      quarters(x[0], x[5], x[10], x[15], x[1], x[6], x[11], x[12]);
      quarters(x[2], x[7], x[8], x[13], x[3], x[4], x[9], x[14]);
    }
  }
};

inline void xorInto(uint8_t* text, __m256i stream) {
  auto* const p = reinterpret_cast<__m256i*>(text);
  _mm256_storeu_si256(p, _mm256_xor_si256(_mm256_loadu_si256(p), stream));
}

// As ChaChaStream.
void apply(const uint32_t key[8], uint32_t count, const uint32_t nonce[3], uint8_t* text, size_t bytes) {
  Wide::V s[16];
  Wide::start(s, key, count, nonce);
  while (bytes > 0) {
    __m256i x[16];
    __builtin_memcpy(x, s, sizeof x);
    Rounds::run(x);
    // Row b of the first has the first half of block b.
    __m256i halves[2][8];
    for (int i = 0; i < 16; i++) halves[i / 8][i % 8] = _mm256_add_epi32(x[i], __m256i(s[i]));
    s[12] += 8;
    transposeWords8(halves[0]);
    transposeWords8(halves[1]);
#pragma GCC unroll 8
    for (int b = 0; b < 8; b++) {
      if (bytes < 64) {
        alignas(32) uint8_t last[64];
        __builtin_memcpy(last, &halves[0][b], 32);
        __builtin_memcpy(last + 32, &halves[1][b], 32);
        for (size_t i = 0; i < bytes; i++) text[i] ^= last[i];
        return;
      }
      xorInto(text, halves[0][b]);
      xorInto(text + 32, halves[1][b]);
      text += 64;
      bytes -= 64;
    }
  }
}

void seal(const void* context, const AeadText& m, uint8_t tag[16]) {
  sealChaCha(context, m, tag, apply, Poly1305Avx2::blocksOf);
}
void open(const void* context, const AeadText& m, uint8_t tag[16]) {
  openChaCha(context, m, tag, apply, Poly1305Avx2::blocksOf);
}

}  // namespace

const AeadKernel kAvx2Chacha20Poly1305 = {sizeof(ChaChaContext), expandChaCha, seal, open};

}  // namespace rp::crypto
