#include <immintrin.h>

#include "crypto/avx512_transpose.h"
#include "crypto/compiled_by.h"
#include "crypto/hash_lanes.h"
#include "crypto/hash_lanes_x86.h"

namespace rp::crypto {
namespace {

struct Wide {
  using V = __m512i;
  static V load(const void* p) { return _mm512_loadu_si512(p); }
  static void store(void* p, V x) { _mm512_storeu_si512(p, x); }
  static V exclusive(V a, V b) { return _mm512_xor_si512(a, b); }
  static V xor3(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
  static V choose(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xca); }
  static V majority(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }
  static V md5Last(V b, V c, V d) { return _mm512_ternarylogic_epi32(b, c, d, 0x39); }
  // Less than 128 bytes, zeros behind them; writes `whole`.
  template <size_t whole>
  static void part(uint8_t* to, const uint8_t* from, size_t bytes) {
    for (size_t at = 0; at < whole; at += 64) {
      const size_t n = bytes > at ? bytes - at : 0;
      const __mmask64 mask = n >= 64 ? ~__mmask64(0) : (__mmask64(1) << n) - 1;
      store(to + at, _mm512_maskz_loadu_epi8(mask, from + at));
    }
  }
};

struct Wide32 : Wide {
  using Word = uint32_t;
  static constexpr int kLanes = 16;
  static V set(uint32_t x) { return _mm512_set1_epi32(int(x)); }
  static V add(V a, V b) { return _mm512_add_epi32(a, b); }
  template <int n>
  static V rol(V x) {
    return _mm512_rol_epi32(x, n);
  }
  template <int n>
  static V ror(V x) {
    return _mm512_ror_epi32(x, n);
  }
  template <int n>
  static V shr(V x) {
    return _mm512_srli_epi32(x, n);
  }

  static V swap(V x) {
    return _mm512_shuffle_epi8(
        x, _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
  }
  static void transpose(V r[16]) { transposeWords16(r); }
};

struct Wide64 : Wide {
  using Word = uint64_t;
  static constexpr int kLanes = 8;
  static V set(uint64_t x) { return _mm512_set1_epi64(int64_t(x)); }
  static V add(V a, V b) { return _mm512_add_epi64(a, b); }
  template <int n>
  static V ror(V x) {
    return _mm512_ror_epi64(x, n);
  }
  template <int n>
  static V shr(V x) {
    return _mm512_srli_epi64(x, n);
  }

  static V swap(V x) {
    return _mm512_shuffle_epi8(
        x, _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)));
  }
  static void transpose(V r[8]) { transposeLongs8(r); }
};

using L32 = HashLanes<Wide32>;
using L64 = HashLanes<Wide64>;

}  // namespace

const LaneKernel kAvx512Md5 = {L32::md5, L32::md5Finish, 16};
const LaneKernel kAvx512Sha1 = {L32::sha1, L32::sha1Finish, 16};
const LaneKernel kAvx512Sha256 = {L32::sha2, L32::sha2Finish, 16};
const LaneKernel kAvx512Sha384 = {L64::sha2, L64::sha384Finish, 8};
const LaneKernel kAvx512Sha512 = {L64::sha2, L64::sha2Finish, 8};

}  // namespace rp::crypto
