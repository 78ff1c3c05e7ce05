// Poly1305 with AVX-512 IFMA, in limbs of 44, 44 and 42 bits: eight blocks of one message at a time, lane i taking
// every eighth block, under r^8, and at the end r^(8-i); or sixteen messages side by side. Internal linkage, see
// kernel.h.
#pragma once
#include <immintrin.h>

#include "crypto/avx512_transpose.h"
#include "crypto/mac_lanes.h"

namespace rp::crypto {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr uint64_t k44 = (uint64_t(1) << 44) - 1, k42 = (uint64_t(1) << 42) - 1;

struct Limbs {
  uint64_t l[3];
};

inline Limbs limbsOf(uint64_t low, uint64_t high, uint64_t top) {
  return {{low & k44, (low >> 44 | high << 20) & k44, high >> 24 | top << 40}};
}

inline Limbs multiply(const Limbs& a, const Limbs& b) {
  // 2^132 = 4 * 2^130 = 20.
  const uint64_t s1 = 20 * b.l[1], s2 = 20 * b.l[2];
  const Wide d0 = Wide(a.l[0]) * b.l[0] + Wide(a.l[1]) * s2 + Wide(a.l[2]) * s1;
  Wide d1 = Wide(a.l[0]) * b.l[1] + Wide(a.l[1]) * b.l[0] + Wide(a.l[2]) * s2;
  Wide d2 = Wide(a.l[0]) * b.l[2] + Wide(a.l[1]) * b.l[1] + Wide(a.l[2]) * b.l[0];
  d1 += uint64_t(d0 >> 44);
  d2 += uint64_t(d1 >> 44);
  Limbs r = {{uint64_t(d0) & k44, uint64_t(d1) & k44, uint64_t(d2) & k42}};
  r.l[0] += 5 * uint64_t(d2 >> 42);
  r.l[1] += r.l[0] >> 44;
  r.l[0] &= k44;
  return r;
}

struct Vectors {
  __m512i l[3];
};

inline Vectors multiply(const Vectors& a, const Vectors& b, __m512i s1, __m512i s2) {
  const __m512i zero = _mm512_setzero_si512();
  const auto low = [](__m512i sum, __m512i x, __m512i y) { return _mm512_madd52lo_epu64(sum, x, y); };
  const auto high = [](__m512i sum, __m512i x, __m512i y) { return _mm512_madd52hi_epu64(sum, x, y); };
  __m512i lo0 = low(low(low(zero, a.l[0], b.l[0]), a.l[1], s2), a.l[2], s1);
  __m512i lo1 = low(low(low(zero, a.l[0], b.l[1]), a.l[1], b.l[0]), a.l[2], s2);
  __m512i lo2 = low(low(low(zero, a.l[0], b.l[2]), a.l[1], b.l[1]), a.l[2], b.l[0]);
  const __m512i hi0 = high(high(high(zero, a.l[0], b.l[0]), a.l[1], s2), a.l[2], s1);
  const __m512i hi1 = high(high(high(zero, a.l[0], b.l[1]), a.l[1], b.l[0]), a.l[2], s2);
  const __m512i hi2 = high(high(high(zero, a.l[0], b.l[2]), a.l[1], b.l[1]), a.l[2], b.l[0]);
  // What is above 52 bits has the weight of the next limb, 2^44, times 2^8.
  const __m512i mask44 = _mm512_set1_epi64(int64_t(k44)), mask42 = _mm512_set1_epi64(int64_t(k42));
  lo1 = _mm512_add_epi64(lo1, _mm512_add_epi64(_mm512_slli_epi64(hi0, 8), _mm512_srli_epi64(lo0, 44)));
  lo0 = _mm512_and_si512(lo0, mask44);
  lo2 = _mm512_add_epi64(lo2, _mm512_add_epi64(_mm512_slli_epi64(hi1, 8), _mm512_srli_epi64(lo1, 44)));
  lo1 = _mm512_and_si512(lo1, mask44);
  // Above limb 2's 42 bits: hi2 starts ten bits higher.
  const __m512i over = _mm512_add_epi64(_mm512_slli_epi64(hi2, 10), _mm512_srli_epi64(lo2, 42));
  lo2 = _mm512_and_si512(lo2, mask42);
  lo0 = _mm512_add_epi64(lo0, _mm512_add_epi64(over, _mm512_slli_epi64(over, 2)));
  lo1 = _mm512_add_epi64(lo1, _mm512_srli_epi64(lo0, 44));
  lo0 = _mm512_and_si512(lo0, mask44);
  return {{lo0, lo1, lo2}};
}

// The limbs of blocks, each with its high bit, from their halves.
inline Vectors split(__m512i low, __m512i high) {
  const __m512i mask44 = _mm512_set1_epi64(int64_t(k44));
  return {{_mm512_and_si512(low, mask44),
           _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(low, 44), _mm512_slli_epi64(high, 20)), mask44),
           _mm512_or_si512(_mm512_srli_epi64(high, 24), _mm512_set1_epi64(int64_t(1) << 40))}};
}

// Eight blocks, block i in lane i.
inline Vectors load(const uint8_t* data) {
  const __m512i a = _mm512_loadu_si512(data), b = _mm512_loadu_si512(data + 64);
  const __m512i low = _mm512_permutex2var_epi64(a, _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), b);
  const __m512i high = _mm512_permutex2var_epi64(a, _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1), b);
  return split(low, high);
}

inline Vectors add(const Vectors& a, const Vectors& b) {
  return {{_mm512_add_epi64(a.l[0], b.l[0]), _mm512_add_epi64(a.l[1], b.l[1]), _mm512_add_epi64(a.l[2], b.l[2])}};
}
inline __m512i times20(__m512i x) { return _mm512_add_epi64(_mm512_slli_epi64(x, 4), _mm512_slli_epi64(x, 2)); }

void blocksOf(uint64_t h[3], const uint64_t r[2], const uint8_t* data, size_t blocks) {
  // r^8 .. r, lane by lane.
  alignas(64) uint64_t lanes[3][8];
  const Limbs first = limbsOf(r[0], r[1], 0);
  Limbs power = first;
  for (int i = 7;; i--) {
    for (int l = 0; l < 3; l++) lanes[l][i] = power.l[l];
    if (i == 0) break;
    power = multiply(power, first);
  }
  Vectors last, step;
  for (int l = 0; l < 3; l++) {
    last.l[l] = _mm512_load_si512(lanes[l]);
    step.l[l] = _mm512_set1_epi64(int64_t(power.l[l]));
  }
  const Limbs before = limbsOf(h[0], h[1], h[2]);
  Vectors sum;
  for (int l = 0; l < 3; l++) sum.l[l] = _mm512_maskz_set1_epi64(1, int64_t(before.l[l]));
  sum = add(sum, load(data));
  const __m512i s1 = times20(step.l[1]), s2 = times20(step.l[2]);
  for (size_t b = 8; b < blocks; b += 8) sum = add(multiply(sum, step, s1, s2), load(data + 16 * b));
  sum = multiply(sum, last, times20(last.l[1]), times20(last.l[2]));

  const uint64_t l0 = uint64_t(_mm512_reduce_add_epi64(sum.l[0]));
  const uint64_t l1 = uint64_t(_mm512_reduce_add_epi64(sum.l[1])) + (l0 >> 44);
  const uint64_t l2 = uint64_t(_mm512_reduce_add_epi64(sum.l[2])) + (l1 >> 44);
  // 2^130 = 5.
  const Wide low = Wide(l0 & k44) + (Wide(l1 & k44) << 44) + 5 * (l2 >> 42);
  const Wide high = (low >> 64) + (Wide(l2 & k42) << 24);
  h[0] = uint64_t(low);
  h[1] = uint64_t(high);
  h[2] = uint64_t(high >> 64);
  __builtin_memset(lanes, 0, sizeof lanes);
  __asm__ volatile("" : : "r"(lanes) : "memory");
}

// Sixteen messages side by side: a job's context is its key of 32 bytes, and its state becomes the tag.
class Poly1305Lanes : private MacLanes<16> {
 public:
  Poly1305Lanes(MacJob* jobs, size_t count) : MacLanes(jobs, count) {
    __builtin_memset(h_, 0, sizeof h_);
    __builtin_memset(r_, 0, sizeof r_);
  }
  ~Poly1305Lanes() {
    __builtin_memset(static_cast<void*>(this), 0, sizeof *this);
    __asm__ volatile("" : : "r"(this) : "memory");
  }
  Poly1305Lanes(const Poly1305Lanes&) = delete;
  Poly1305Lanes& operator=(const Poly1305Lanes&) = delete;

  void run() {
    for (int i = 0; i < 16; i++) refill(i);
    for (size_t blocks = shortest(); blocks > 0; blocks = shortest()) {
      absorb(blocks);
      for (int i = 0; i < 16; i++) {
        if (!advance(i, blocks)) continue;
        finish(i);
        refill(i);
      }
    }
  }

 private:
  void refill(int lane) {
    const MacJob* const j = take(lane, [](const MacJob&) { return true; });
    if (j == nullptr) return;
    uint64_t key[2];
    __builtin_memcpy(key, j->context, 16);
    const Limbs r = limbsOf(key[0] & 0x0ffffffc0fffffff, key[1] & 0x0ffffffc0ffffffc, 0);
    for (int l = 0; l < 3; l++) {
      r_[l][lane] = r.l[l];
      h_[l][lane] = 0;
    }
  }

  void absorb(size_t blocks) {
    Vectors h[2], r[2];
    __m512i s1[2], s2[2];
#pragma GCC unroll 2
    for (int g = 0; g < 2; g++) {
      for (int l = 0; l < 3; l++) {
        h[g].l[l] = _mm512_load_si512(h_[l] + 8 * g);
        r[g].l[l] = _mm512_load_si512(r_[l] + 8 * g);
      }
      s1[g] = times20(r[g].l[1]);
      s2[g] = times20(r[g].l[2]);
    }
    for (; blocks >= 4; blocks -= 4) {
      __m512i m[2][8];
#pragma GCC unroll 2
      for (int g = 0; g < 2; g++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
          m[g][i] = _mm512_loadu_si512(at[8 * g + i]);
          at[8 * g + i] += 4 * step[8 * g + i];
        }
        transposeLongs8(m[g]);
      }
#pragma GCC unroll 4
      for (int b = 0; b < 4; b++) {
#pragma GCC unroll 2
        for (int g = 0; g < 2; g++) {
          h[g] = multiply(add(h[g], split(m[g][2 * b], m[g][2 * b + 1])), r[g], s1[g], s2[g]);
        }
      }
    }
    for (; blocks > 0; blocks--) {
#pragma GCC unroll 2
      for (int g = 0; g < 2; g++) {
        const __m512i a = four(8 * g), b = four(8 * g + 4);
        const __m512i low = _mm512_permutex2var_epi64(a, _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), b);
        const __m512i high = _mm512_permutex2var_epi64(a, _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1), b);
        h[g] = multiply(add(h[g], split(low, high)), r[g], s1[g], s2[g]);
      }
    }
#pragma GCC unroll 2
    for (int g = 0; g < 2; g++) {
      for (int l = 0; l < 3; l++) _mm512_store_si512(h_[l] + 8 * g, h[g].l[l]);
    }
  }
  // A block of each of four lanes.
  __m512i four(int lane) {
    const auto block = [&](int i) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at[i]));
      at[i] += step[i];
      return x;
    };
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(block(lane)), block(lane + 1), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(block(lane + 2)), block(lane + 3), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }

  void finish(int lane) {
    uint64_t l0 = h_[0][lane], l1 = h_[1][lane], l2 = h_[2][lane];
    l1 += l0 >> 44;
    l2 += l1 >> 44;
    l0 = (l0 & k44) + 5 * (l2 >> 42);
    l1 = (l1 & k44) + (l0 >> 44);
    l2 = (l2 & k42) + (l1 >> 44);
    l0 &= k44;
    l1 &= k44;
    // h - p = h + 5 - 2^130: take it if the sum reaches 2^130.
    const uint64_t g0 = l0 + 5, g1 = l1 + (g0 >> 44), g2 = l2 + (g1 >> 44);
    const uint64_t reached = uint64_t(0) - (g2 >> 42);
    l0 = (l0 & ~reached) | (g0 & k44 & reached);
    l1 = (l1 & ~reached) | (g1 & k44 & reached);
    l2 = (l2 & ~reached) | (g2 & k42 & reached);
    uint64_t pad[2];
    __builtin_memcpy(pad, static_cast<const uint8_t*>(job[lane]->context) + 16, 16);
    const Wide sum = Wide(l0 | l1 << 44) + pad[0];
    const uint64_t tag[2] = {uint64_t(sum), (l1 >> 20 | l2 << 24) + pad[1] + uint64_t(sum >> 64)};
    __builtin_memcpy(job[lane]->state, tag, 16);
  }

  alignas(64) uint64_t h_[3][16], r_[3][16];
};

}  // namespace
}  // namespace rp::crypto
