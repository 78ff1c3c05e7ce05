// ChaCha20 (RFC 8439 2.3), sixteen blocks at a time with AVX-512: of one message, or of any. Internal linkage, see
// kernel.h.
#pragma once
#include "crypto/avx512_transpose.h"
#include "crypto/chacha20_poly1305.h"

namespace rp::crypto {
namespace {

struct ChaCha512 {
  using V = __m512i;

  template <int n>
  static inline V step(V x, V y) {
    return _mm512_rol_epi32(_mm512_xor_si512(x, y), n);
  }
  // Four quarter rounds abreast.
  static inline void round(V* a, V* b, V* c, V* d, int turnB, int turnC, int turnD) {
    const auto each = [](auto body) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) body(i);
    };
    const auto bi = [&](int i) -> V& { return b[(i + turnB) & 3]; };
    const auto ci = [&](int i) -> V& { return c[(i + turnC) & 3]; };
    const auto di = [&](int i) -> V& { return d[(i + turnD) & 3]; };
    each([&](int i) { a[i] = _mm512_add_epi32(a[i], bi(i)); });
    each([&](int i) { di(i) = step<16>(di(i), a[i]); });
    each([&](int i) { ci(i) = _mm512_add_epi32(ci(i), di(i)); });
    each([&](int i) { bi(i) = step<12>(bi(i), ci(i)); });
    each([&](int i) { a[i] = _mm512_add_epi32(a[i], bi(i)); });
    each([&](int i) { di(i) = step<8>(di(i), a[i]); });
    each([&](int i) { ci(i) = _mm512_add_epi32(ci(i), di(i)); });
    each([&](int i) { bi(i) = step<7>(bi(i), ci(i)); });
  }

  // From the words of sixteen states, words by lane, to their sixteen blocks of keystream.
  static inline void blocks(V x[16], const V s[16]) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) x[i] = s[i];
    for (int i = 0; i < 10; i++) {
      round(x, x + 4, x + 8, x + 12, 0, 0, 0);
      round(x, x + 4, x + 8, x + 12, 1, 2, 3);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) x[i] = _mm512_add_epi32(x[i], s[i]);
    transposeWords16(x);
  }
  static inline void constants(V s[4]) {
    const int words[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 0; i < 4; i++) s[i] = _mm512_set1_epi32(words[i]);
  }

  static inline void applyBlock(uint8_t* text, size_t bytes, V stream) {
    if (bytes >= 64) {
      _mm512_storeu_si512(text, _mm512_xor_si512(_mm512_loadu_si512(text), stream));
    } else {
      const __mmask64 mask = (__mmask64(1) << bytes) - 1;
      _mm512_mask_storeu_epi8(text, mask, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, text), stream));
    }
  }

  // As ChaChaStream.
  static void apply(const uint32_t key[8], uint32_t count, const uint32_t nonce[3], uint8_t* text, size_t bytes) {
    V s[16], x[16];
    constants(s);
    for (int i = 0; i < 8; i++) s[4 + i] = _mm512_set1_epi32(int(key[i]));
    s[12] = _mm512_add_epi32(_mm512_set1_epi32(int(count)),
                             _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    for (int i = 0; i < 3; i++) s[13 + i] = _mm512_set1_epi32(int(nonce[i]));
    while (bytes > 0) {
      blocks(x, s);
      s[12] = _mm512_add_epi32(s[12], _mm512_set1_epi32(16));
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++) {
        if (bytes == 0) break;
        applyBlock(text, bytes, x[i]);
        const size_t n = bytes < 64 ? bytes : 64;
        text += n;
        bytes -= n;
      }
    }
  }

  // Blocks of any messages: a lane for each, and sixteen at a time go through the rounds.
  class Lanes {
   public:
    Lanes() { constants(s_); }
    ~Lanes() {
      __builtin_memset(static_cast<void*>(this), 0, sizeof *this);
      __asm__ volatile("" : : "r"(this) : "memory");
    }
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    // `text` takes block `count` of the keystream, at most 64 bytes of it.
    inline void add(const void* context, uint32_t salt, const uint8_t iv[8], uint32_t count, uint8_t* text,
                    size_t bytes) {
      if (context != before_) newKey(context);
      words_[8][used_] = count;
      words_[9][used_] = salt;
      uint32_t low, high;
      __builtin_memcpy(&low, iv, 4);
      __builtin_memcpy(&high, iv + 4, 4);
      words_[10][used_] = low;
      words_[11][used_] = high;
      if (!oneKey_) setKey(used_, context);
      text_[used_] = text;
      bytes_[used_] = bytes;
      if (++used_ == 16) flush();
    }
    inline void flush() {
      if (used_ == 0) return;
      for (int i = oneKey_ ? 8 : 0; i < 12; i++) s_[4 + i] = _mm512_load_si512(words_[i]);
      V x[16];
      blocks(x, s_);
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++) {
        if (i < used_) applyBlock(text_[i], bytes_[i], x[i]);
      }
      used_ = 0;
    }

   private:
    void newKey(const void* context) {
      const uint32_t* key = static_cast<const ChaChaContext*>(context)->key;
      if (before_ == nullptr) {
        for (int i = 0; i < 8; i++) s_[4 + i] = _mm512_set1_epi32(int(key[i]));
      } else if (oneKey_) {
        // From now on every lane has its own.
        for (int i = 0; i < 8; i++) _mm512_store_si512(words_[i], s_[4 + i]);
        oneKey_ = false;
      }
      before_ = context;
    }
    void setKey(int lane, const void* context) {
      const uint32_t* key = static_cast<const ChaChaContext*>(context)->key;
      for (int i = 0; i < 8; i++) words_[i][lane] = key[i];
    }

    V s_[16];
    alignas(64) uint32_t words_[12][16] = {};  // key, count, nonce
    uint8_t* text_[16];
    size_t bytes_[16];
    const void* before_ = nullptr;
    bool oneKey_ = true;
    int used_ = 0;
  };
};

}  // namespace
}  // namespace rp::crypto
