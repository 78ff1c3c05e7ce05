#include <immintrin.h>

#include "crypto/avx2_transpose.h"
#include "crypto/compiled_by.h"
#include "crypto/hash_lanes.h"
#include "crypto/hash_lanes_x86.h"

namespace rp::crypto {
namespace {

struct Half {
  using V = __m256i;
  static V load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static void store(void* p, V x) { _mm256_storeu_si256(static_cast<__m256i*>(p), x); }
  static V exclusive(V a, V b) { return _mm256_xor_si256(a, b); }
  static V xor3(V a, V b, V c) { return exclusive(exclusive(a, b), c); }
  static V choose(V a, V b, V c) { return exclusive(c, _mm256_and_si256(a, exclusive(b, c))); }
  static V majority(V a, V b, V c) {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }
  static V md5Last(V b, V c, V d) { return exclusive(c, _mm256_or_si256(b, exclusive(d, _mm256_set1_epi32(-1)))); }
  // Zeros behind `bytes`; writes `whole`.
  template <size_t whole>
  static void part(uint8_t* to, const uint8_t* from, size_t bytes) {
    __builtin_memset(to, 0, whole);
    __builtin_memcpy(to, from, bytes);
  }
};

struct Half32 : Half {
  using Word = uint32_t;
  static constexpr int kLanes = 8;
  static V set(uint32_t x) { return _mm256_set1_epi32(int(x)); }
  static V add(V a, V b) { return _mm256_add_epi32(a, b); }
  template <int n>
  static V rol(V x) {
    return _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - n));
  }
  template <int n>
  static V ror(V x) {
    return rol<32 - n>(x);
  }
  template <int n>
  static V shr(V x) {
    return _mm256_srli_epi32(x, n);
  }

  static V swap(V x) {
    return _mm256_shuffle_epi8(
        x, _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
  }
  static void transpose(V r[8]) { transposeWords8(r); }
};

struct Half64 : Half {
  using Word = uint64_t;
  static constexpr int kLanes = 4;
  static V set(uint64_t x) { return _mm256_set1_epi64x(int64_t(x)); }
  static V add(V a, V b) { return _mm256_add_epi64(a, b); }
  template <int n>
  static V ror(V x) {
    return _mm256_or_si256(_mm256_srli_epi64(x, n), _mm256_slli_epi64(x, 64 - n));
  }
  template <int n>
  static V shr(V x) {
    return _mm256_srli_epi64(x, n);
  }

  static V swap(V x) {
    return _mm256_shuffle_epi8(
        x, _mm256_broadcastsi128_si256(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)));
  }
  static void transpose(V r[4]) {
    const V a = _mm256_unpacklo_epi64(r[0], r[1]), b = _mm256_unpackhi_epi64(r[0], r[1]);
    const V c = _mm256_unpacklo_epi64(r[2], r[3]), d = _mm256_unpackhi_epi64(r[2], r[3]);
    r[0] = _mm256_permute2x128_si256(a, c, 0x20);
    r[1] = _mm256_permute2x128_si256(b, d, 0x20);
    r[2] = _mm256_permute2x128_si256(a, c, 0x31);
    r[3] = _mm256_permute2x128_si256(b, d, 0x31);
  }
};

using L32 = HashLanes<Half32>;
using L64 = HashLanes<Half64>;

}  // namespace

const LaneKernel kAvx2Md5 = {L32::md5, L32::md5Finish, 8};
const LaneKernel kAvx2Sha1 = {L32::sha1, L32::sha1Finish, 8};
const LaneKernel kAvx2Sha256 = {L32::sha2, L32::sha2Finish, 8};
const LaneKernel kAvx2Sha384 = {L64::sha2, L64::sha384Finish, 4};
const LaneKernel kAvx2Sha512 = {L64::sha2, L64::sha2Finish, 4};

}  // namespace rp::crypto
