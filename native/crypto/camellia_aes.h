// Camellia over the S-box of AES, 32 blocks at a time with AVX2: both S-boxes are the inversion in a field of 256
// elements between affine maps, and what the fields differ in is a linear map of bytes. So the state is kept as
// AESENC's S-box (the left half) and AESDEC's (the right half) want it, P's sums of bytes being the same there, and
// behind an S-box one map brings the bytes to where the other half is kept. Constant time. `Aes` has the two
// instructions for 32 bytes. Internal linkage, see kernel.h.
#pragma once
#include "crypto/camellia.h"
#include "crypto/cbc_lanes.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

// A linear map of bytes by what becomes of each bit.
struct LinearMap {
  uint8_t column[8];
  constexpr uint8_t operator()(uint8_t x) const {
    uint8_t y = 0;
    for (int i = 0; i < 8; i++) y ^= x >> i & 1 ? column[i] : 0;
    return y;
  }
  // This one after the other.
  constexpr LinearMap operator*(const LinearMap& other) const {
    LinearMap m{};
    for (int i = 0; i < 8; i++) m.column[i] = (*this)(other.column[i]);
    return m;
  }
  constexpr LinearMap inverse() const {
    LinearMap m{};
    for (int x = 0; x < 256; x++) {
      const uint8_t y = (*this)(uint8_t(x));
      for (int i = 0; i < 8; i++) m.column[i] = y == 1 << i ? uint8_t(x) : m.column[i];
    }
    return m;
  }
};
// By rows, the one for the lowest bit first, as GF2P8AFFINEQB has them.
constexpr LinearMap rows(uint64_t m) {
  LinearMap map{};
  for (int out = 0; out < 8; out++) {
    for (int in = 0; in < 8; in++) map.column[in] = uint8_t(map.column[in] | (m >> (8 * (7 - out) + in) & 1) << out);
  }
  return map;
}
constexpr LinearMap kTurnLeft = {{2, 4, 8, 16, 32, 64, 128, 1}};
// A map and the constant that is added behind it, as two lookups of four bits.
struct ByteMap {
  alignas(16) uint8_t low[16], high[16];
  constexpr ByteMap(const LinearMap& m, uint8_t constant) : low(), high() {
    for (int i = 0; i < 16; i++) {
      low[i] = uint8_t(m(uint8_t(i)) ^ constant);
      high[i] = m(uint8_t(i << 4));
    }
  }
};

// SBOX1 is kOut times the inverse of (kIn x + 0b), plus 6e, in the field of AES; SBOX2 and SBOX3 turn that by one bit
// to the left and to the right, SBOX4 its argument (RFC 3713 2.4.2). AES adds 63 to kAes times the inverse (FIPS
// 197 5.1.1).
constexpr LinearMap kIn = rows(0x3e8ad8b52d81a4c5), kOut = rows(0xc0ba5f8c8dfc1e04), kAes = rows(0xf1e3c78f1f3e7cf8);
constexpr uint8_t kInConstant = 0x0b, kOutConstant = 0x6e, kAesConstant = 0x63;

// The left half is kept as kIn has it, which goes through SubBytes; the right half as InvSubBytes wants it.
constexpr LinearMap kLeft = kIn, kRight = kAes * kIn;
constexpr LinearMap kTurnRight = kTurnLeft.inverse();

struct Half {
  ByteMap into, out;            // from plain bytes, and back
  ByteMap turn;                 // what SBOX4 does to its argument
  uint8_t constant, constant4;  // added to the keys of SBOX1 to SBOX3, and of SBOX4
  ByteMap s1, s2, s3;           // behind the S-box, to the other half
};
constexpr Half halfOf(const LinearMap& here, uint8_t constant, const LinearMap& there, const LinearMap& back,
                      uint8_t offset) {
  // What comes out of the S-box is x; SBOX1 is `back` of x, plus `offset`.
  const LinearMap turn = here * kTurnLeft * here.inverse();
  return {{here, 0},
          {here.inverse(), 0},
          {turn, 0},
          constant,
          turn.inverse()(constant),
          {there * back, there(offset)},
          {there * kTurnLeft * back, there(kTurnLeft(offset))},
          {there * kTurnRight * back, there(kTurnRight(offset))}};
}
constexpr LinearMap kBehindAes = kOut * kAes.inverse();
constexpr Half kHalves[2] = {
    halfOf(kLeft, kInConstant, kRight, kBehindAes, uint8_t(kBehindAes(kAesConstant) ^ kOutConstant)),
    halfOf(kRight, uint8_t(kAes(kInConstant) ^ kAesConstant), kLeft, kOut, kOutConstant),
};

using V = __m256i;
constexpr size_t kLanes = 32;

inline V loadV(const void* p) { return _mm256_loadu_si256(static_cast<const V*>(p)); }
inline void storeV(void* p, V v) { _mm256_storeu_si256(static_cast<V*>(p), v); }
inline V xor2(V a, V b) { return _mm256_xor_si256(a, b); }
inline V both(const uint8_t* p) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
}
inline V mapped(V x, const ByteMap& m) {
  const V four = _mm256_set1_epi8(0x0f);
  const V low = _mm256_shuffle_epi8(both(m.low), _mm256_and_si256(x, four));
  return xor2(low, _mm256_shuffle_epi8(both(m.high), _mm256_and_si256(_mm256_srli_epi16(x, 4), four)));
}

// 16-byte blocks, in vector r blocks 2r and 2r + 1, to bytes and back: block 2r + q is at place 16q + r.
inline void transpose16(V x[16]) {
  for (int step = 0; step < 4; step++) {
    V t[16];
    for (int i = 0; i < 8; i++) {
      t[2 * i] = _mm256_unpacklo_epi8(x[i], x[i + 8]);
      t[2 * i + 1] = _mm256_unpackhi_epi8(x[i], x[i + 8]);
    }
    for (int i = 0; i < 16; i++) x[i] = t[i];
  }
}

// The portable key first, for what is too little for the lanes; then the schedules with the round keys as the halves
// are kept.
struct CamelliaAesKey : CamelliaKey {
  CamelliaSchedule kept[2];  // to encrypt, to decrypt
};

template <class Aes>
struct CamelliaAes {
  static constexpr size_t kBlock = 16;
  using Context = CamelliaAesKey;
  static const CipherKernel& few() { return kPortableCamelliaCbc; }

  static void expand(void* context, const uint8_t* key, size_t keyBytes) {
    auto& c = *static_cast<Context*>(context);
    camelliaExpand(&c, key, keyBytes);
    for (int way = 0; way < 2; way++) {
      CamelliaSchedule& kept = c.kept[way];
      kept = way == 0 ? c.encrypt : c.decrypt;
      for (uint32_t round = 0; round < c.rounds; round++) {
        const Half& half = kHalves[round % 2];
        const uint64_t all = half.constant * 0x0101010101010101u;
        // SBOX4's are the fourth and the seventh of eight bytes.
        const uint64_t four = 0x000000ff0000ff00;
        const __m256i k = mapped(_mm256_set1_epi64x(int64_t(kept.k[round])), half.into);
        kept.k[round] =
            uint64_t(_mm256_extract_epi64(k, 0)) ^ ((all & ~four) | (half.constant4 * 0x0101010101010101u & four));
      }
    }
  }

  struct Schedule {
    static constexpr size_t kBytes = sizeof(CamelliaSchedule);
    bool shared;
    uint32_t rounds;
    uint32_t repeated[kBytes];
    V lanes[kBytes];

    bool prepare(const Context* const contexts[kLanes], bool decrypt) {
      rounds = contexts[0]->rounds;
      shared = true;
      for (size_t i = 1; i < kLanes; i++) {
        if (contexts[i]->rounds != rounds) return false;
        shared &= contexts[i] == contexts[0];
      }
      const auto bytesOf = [&](size_t i) { return reinterpret_cast<const uint8_t*>(&contexts[i]->kept[decrypt]); };
      if (shared) {
        for (size_t i = 0; i < kBytes; i++) repeated[i] = bytesOf(0)[i] * 0x01010101u;
        return true;
      }
      for (size_t at = 0; at < kBytes; at += 16) {
        V* const x = lanes + at;
        for (size_t i = 0; i < 16; i++) {
          const auto part = [&](size_t lane) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytesOf(lane) + at));
          };
          x[i] = _mm256_set_m128i(part(2 * i + 1), part(2 * i));
        }
        transpose16(x);
        // The keys of the right half are as AES has shifted its rows: every other word of k, and of ke.
        if (at < kK) continue;
        for (size_t i = 8; i < 16; i++) x[i] = shifted(x[i]);
      }
      return true;
    }
    void wipe() {
      wipeV(repeated, sizeof repeated);
      if (!shared) wipeV(lanes, sizeof lanes);
    }
  };
  static constexpr size_t kK = 8 * 4, kKe = kK + 8 * 24;

  // As ShiftRows does (FIPS 197 5.1.2), and back.
  static V shifted(V x) {
    return _mm256_shuffle_epi8(
        x, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11)));
  }
  static V unshifted(V x) {
    return _mm256_shuffle_epi8(
        x, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3)));
  }

  // Byte i of the schedule's words as they are written, the most significant first.
  template <bool kShared>
  static inline __attribute__((always_inline)) V key(const Schedule& s, size_t i) {
    return kShared ? _mm256_set1_epi32(int(s.repeated[i ^ 7])) : s.lanes[i ^ 7];
  }

  // out ^= F(in, k)
  template <bool kShared, int half>
  static inline __attribute__((always_inline)) void f(const Schedule& s, size_t k, const V* in, V* out) {
    constexpr const Half& h = kHalves[half];
    V z[8];
    const auto box = [&](size_t i, const ByteMap& behind, bool turn) {
      V x = xor2(in[i], key<kShared>(s, k + i));
      if (turn) x = mapped(x, h.turn);
      z[i] = mapped(half == 0 ? Aes::subBytes(x) : Aes::invSubBytes(x), behind);
    };
    box(0, h.s1, false);
    box(7, h.s1, false);
    box(3, h.s1, true);
    box(6, h.s1, true);
    box(1, h.s2, false);
    box(4, h.s2, false);
    box(2, h.s3, false);
    box(5, h.s3, false);
    // P in sixteen sums (RFC 3713 2.4.1 has it as a matrix).
    z[0] = xor2(z[0], z[5]);
    z[1] = xor2(z[1], z[6]);
    z[2] = xor2(z[2], z[7]);
    z[3] = xor2(z[3], z[4]);
    z[4] = xor2(z[4], z[2]);
    z[5] = xor2(z[5], z[3]);
    z[6] = xor2(z[6], z[0]);
    z[7] = xor2(z[7], z[1]);
    const V y5 = xor2(z[0], z[7]), y6 = xor2(z[1], z[4]), y7 = xor2(z[2], z[5]), y8 = xor2(z[3], z[6]);
    out[0] = xor2(out[0], xor2(z[4], y8));
    out[1] = xor2(out[1], xor2(z[5], y5));
    out[2] = xor2(out[2], xor2(z[6], y6));
    out[3] = xor2(out[3], xor2(z[7], y7));
    out[4] = xor2(out[4], y5);
    out[5] = xor2(out[5], y6);
    out[6] = xor2(out[6], y7);
    out[7] = xor2(out[7], y8);
  }

  // x[4..7] ^= (x[0..3] & k) turned left by one bit, over the four bytes.
  template <bool kShared>
  static inline __attribute__((always_inline)) void turn(const Schedule& s, size_t k, V* x) {
    V t[4];
    for (size_t i = 0; i < 4; i++) t[i] = _mm256_and_si256(x[i], key<kShared>(s, k + i));
    for (size_t i = 0; i < 4; i++) {
      // All ones, that is minus one, where a bit comes over.
      const V carry = _mm256_cmpgt_epi8(_mm256_setzero_si256(), t[(i + 1) % 4]);
      x[4 + i] = xor2(x[4 + i], _mm256_sub_epi8(_mm256_add_epi8(t[i], t[i]), carry));
    }
  }
  template <bool kShared>
  static inline __attribute__((always_inline)) void mix(const Schedule& s, size_t k, V* x) {
    for (size_t i = 0; i < 4; i++) x[i] = xor2(x[i], _mm256_or_si256(x[4 + i], key<kShared>(s, k + 4 + i)));
  }
  // FL and its inverse are of plain bytes.
  template <bool kShared>
  static __attribute__((noinline)) void layer(const Schedule& s, size_t ke, V* d) {
    for (size_t i = 0; i < 16; i++) d[i] = mapped(d[i], kHalves[i / 8].out);
    turn<kShared>(s, ke, d);
    mix<kShared>(s, ke, d);
    mix<kShared>(s, ke + 8, d + 8);
    turn<kShared>(s, ke + 8, d + 8);
    for (size_t i = 0; i < 16; i++) d[i] = mapped(d[i], kHalves[i / 8].into);
  }

  template <bool kShared>
  static void run(const Schedule& s, uint8_t* blocks) {
    V d[16];
    for (int i = 0; i < 16; i++) d[i] = loadV(blocks + 32 * i);
    transpose16(d);
    for (size_t i = 0; i < 8; i++) {
      d[i] = mapped(xor2(d[i], key<kShared>(s, i)), kHalves[0].into);
      d[8 + i] = shifted(mapped(xor2(d[8 + i], key<kShared>(s, 8 + i)), kHalves[1].into));
    }
    for (uint32_t round = 0;; round += 6) {
      for (size_t k = kK + 8 * round; k < kK + 8 * (round + 6); k += 16) {
        f<kShared, 0>(s, k, d, d + 8);
        f<kShared, 1>(s, k + 8, d + 8, d);
      }
      if (round + 6 == s.rounds) break;
      layer<kShared>(s, kKe + 8 * (round / 3), d);
    }
    V o[16];
    for (size_t i = 0; i < 8; i++) {
      o[i] = xor2(unshifted(mapped(d[8 + i], kHalves[1].out)), key<kShared>(s, 16 + i));
      o[8 + i] = xor2(mapped(d[i], kHalves[0].out), key<kShared>(s, 24 + i));
    }
    transpose16(o);
    for (int i = 0; i < 16; i++) storeV(blocks + 32 * i, o[i]);
  }
  static void crypt(const Schedule& s, uint8_t* blocks) { s.shared ? run<true>(s, blocks) : run<false>(s, blocks); }
};

// CTR: the blocks of neighbouring messages of one key fill the lanes together.
template <class Aes>
struct CamelliaAesCtr {
  using Cipher = CamelliaAes<Aes>;
  // Blocks for which the lanes are worth their while.
  static constexpr size_t kFew = 6;

  static void oneKey(const CipherJob* jobs, size_t count) {
    typename Cipher::Schedule schedule;
    const CamelliaAesKey* keys[kLanes];
    for (auto& k : keys) k = static_cast<const CamelliaAesKey*>(jobs[0].context);
    schedule.prepare(keys, false);
    alignas(32) uint8_t stream[16 * kLanes] = {};
    uint8_t* text[kLanes];
    uint8_t bytes[kLanes];
    size_t n = 0;
    const auto flush = [&] {
      Cipher::crypt(schedule, stream);
      for (size_t i = 0; i < n; i++) {
        const uint8_t* const s = stream + 16 * i;
        if (bytes[i] == 16) {
          const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text[i]));
          _mm_storeu_si128(reinterpret_cast<__m128i*>(text[i]),
                           _mm_xor_si128(x, _mm_load_si128(reinterpret_cast<const __m128i*>(s))));
        } else {
          for (size_t j = 0; j < bytes[i]; j++) text[i][j] ^= s[j];
        }
      }
      n = 0;
    };
    for (size_t j = 0; j < count; j++) {
      const CipherJob& job = jobs[j];
      uint32_t number;
      __builtin_memcpy(&number, job.iv + 12, 4);
      number = __builtin_bswap32(number);
      const __m128i iv = _mm_loadu_si128(reinterpret_cast<const __m128i*>(job.iv));
      for (size_t at = 0; at < job.bytes; at += 16, number++) {
        const __m128i block = _mm_insert_epi32(iv, int(__builtin_bswap32(number)), 3);
        _mm_store_si128(reinterpret_cast<__m128i*>(stream + 16 * n), block);
        text[n] = job.text + at;
        bytes[n] = uint8_t(job.bytes - at < 16 ? job.bytes - at : 16);
        if (++n == kLanes) flush();
      }
    }
    if (n > 0) flush();
    wipeV(stream, sizeof stream);
    schedule.wipe();
  }
  static void many(const CipherJob* jobs, size_t count) {
    for (size_t first = 0; first < count;) {
      size_t end = first, blocks = 0;
      for (; end < count && jobs[end].context == jobs[first].context; end++) blocks += (jobs[end].bytes + 15) / 16;
      if (blocks >= kFew) {
        oneKey(jobs + first, end - first);
      } else {
        for (size_t i = first; i < end; i++) {
          kPortableCamelliaCtr.encrypt(jobs[i].context, jobs[i].iv, jobs[i].text, jobs[i].bytes);
        }
      }
      first = end;
    }
  }
  static void one(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
    CipherJob job = {context, {}, text, bytes};
    __builtin_memcpy(job.iv, iv, sizeof job.iv);
    many(&job, 1);
  }
};

template <class Aes>
constexpr CipherKernel camelliaAesCbc() {
  using Modes = CbcLanes<CamelliaAes<Aes>, kLanes, 6>;
  return {sizeof(CamelliaAesKey),
          CamelliaAes<Aes>::expand,
          [](const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
            kPortableCamelliaCbc.encrypt(context, iv, text, bytes);
          },
          Modes::decrypt,
          Modes::encryptMany,
          Modes::decryptMany};
}
template <class Aes>
constexpr CipherKernel camelliaAesCtr() {
  using Modes = CamelliaAesCtr<Aes>;
  return {sizeof(CamelliaAesKey), CamelliaAes<Aes>::expand, Modes::one, Modes::one, Modes::many, Modes::many};
}

}  // namespace
}  // namespace rp::crypto
