// AES-CBC and HMAC's SHA-1 of sixteen messages in one pass: SHA-1 has eight messages in a register, and AES of the
// other eight, or of the same ones when decrypting, goes between its rounds.
#include "crypto/avx2_transpose.h"
#include "crypto/compiled_by.h"
#include "crypto/vaes_cbc_columns.h"
#include "crypto/vaes_cbc_sha.h"

namespace rp::crypto {
namespace {

using V = __m256i;

inline V add(V a, V b) { return _mm256_add_epi32(a, b); }
inline V exclusive(V a, V b) { return _mm256_xor_si256(a, b); }
template <int n>
inline V rol(V x) {
  return _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - n));
}

struct Sha1Half {
  static constexpr int kAbreast = 4;

  // By word and then message, as CbcHashKernel has it.
  struct State {
    V h[2][5];
    explicit State(const uint32_t* words) {
      for (size_t i = 0; i < 10; i++) h[i % 2][i / 2] = _mm256_loadu_si256(reinterpret_cast<const V*>(words + 8 * i));
    }
    void store(uint32_t* words) const {
      for (size_t i = 0; i < 10; i++) _mm256_storeu_si256(reinterpret_cast<V*>(words + 8 * i), h[i % 2][i / 2]);
    }
  };

  template <int i, class Beside>
  static inline __attribute__((always_inline)) void rounds(V s[5], V w[16], Beside& beside) {
    constexpr uint32_t kConstants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    V &a = s[(80 - i) % 5], &b = s[(81 - i) % 5], &c = s[(82 - i) % 5], &d = s[(83 - i) % 5], &e = s[(84 - i) % 5];
    V x = w[i & 15];
    if constexpr (i >= 16) {
      x = rol<1>(exclusive(exclusive(w[(i - 3) & 15], w[(i - 8) & 15]), exclusive(w[(i - 14) & 15], x)));
      w[i & 15] = x;
    }
    e = add(e, add(x, _mm256_set1_epi32(int(kConstants[i / 20]))));
    if constexpr (i < 20) {
      e = add(e, exclusive(d, _mm256_and_si256(b, exclusive(c, d))));
    } else if constexpr (i >= 40 && i < 60) {
      // Of the majority's two terms no bit is in both.
      e = add(e, _mm256_and_si256(c, d));
      e = add(e, _mm256_and_si256(b, exclusive(c, d)));
    } else {
      e = add(e, exclusive(b, exclusive(c, d)));
    }
    beside.template slot<i, 80>();
    e = add(e, rol<5>(a));
    b = rol<30>(b);
    if constexpr (i < 79) rounds<i + 1>(s, w, beside);
  }

  template <class Beside>
  static inline __attribute__((always_inline)) void hash(State& state, size_t half, uint8_t* const* data,
                                                         Beside& beside) {
    const V order = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    V w[16], s[5];
    for (size_t part = 0; part < 2; part++) {
      V* const r = w + 8 * part;
      for (size_t i = 0; i < 8; i++)
        r[i] = _mm256_shuffle_epi8(_mm256_loadu_si256(reinterpret_cast<const V*>(data[kHalf * half + i] + 32 * part)),
                                   order);
      transposeWords8(r);
    }
    for (size_t i = 0; i < 5; i++) s[i] = state.h[half][i];
    rounds<0>(s, w, beside);
    for (size_t i = 0; i < 5; i++) state.h[half][i] = add(state.h[half][i], s[i]);
  }
};

}  // namespace

const CbcHashKernel kVaesCbcSha1 = {sealColumnsOfAnyKey<Sha1Half>};

}  // namespace rp::crypto
