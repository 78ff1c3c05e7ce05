// Camellia with GFNI: its S-boxes are the inversion in a field of 256 elements between two affine maps, as the one of
// AES is, so two instructions do each, without tables and in constant time.
#include "crypto/camellia.h"
#include "crypto/lanes512.h"
#include "crypto/portable.h"
#include "crypto/wide_ciphers.h"

namespace rp::crypto {
namespace {

struct Camellia {
  static constexpr size_t kBlock = 16;
  using Context = CamelliaKey;
  static const CipherKernel& few() { return kPortableCamelliaCbc; }

  struct Schedule {
    KeyBytes<sizeof(CamelliaSchedule)> keys;
    uint32_t rounds;

    inline bool prepare(const Context* const contexts[kLanes], bool decrypt) {
      const uint8_t* schedules[kLanes];
      rounds = contexts[0]->rounds;
      for (size_t i = 0; i < kLanes; i++) {
        if (contexts[i]->rounds != rounds) return false;
        const CamelliaSchedule& s = decrypt ? contexts[i]->decrypt : contexts[i]->encrypt;
        schedules[i] = reinterpret_cast<const uint8_t*>(&s);
      }
      keys.set(schedules, false);
      return true;
    }
    inline void wipe() { keys.wipe(); }
  };
  static_assert(sizeof(CamelliaSchedule) == 8 * (4 + 24 + 6), "words in a row");
  static constexpr size_t kK = 8 * 4, kKe = kK + 8 * 24;

  // Byte i of the schedule's words as they are written, the most significant first.
  template <bool kShared>
  static inline V key(const Schedule& s, size_t i) {
    return s.keys.template at<kShared>(i ^ 7);
  }

  // Into the field that GFNI inverts in, and back: the affine maps of SBOX1, before and behind the change of the
  // field's basis; SBOX2 and SBOX3 turn the result by one bit to the left and to the right, SBOX4 its argument.
  static constexpr uint64_t kInto = 0x3e8ad8b52d81a4c5, kInto4 = 0x1f456cda96c052e2;
  static constexpr uint64_t kBack1 = 0xc0ba5f8c8dfc1e04, kBack2 = 0x04c0ba5f8c8dfc1e, kBack3 = 0xba5f8c8dfc1e04c0;
  static inline V s1(V x) {
    return _mm512_gf2p8affineinv_epi64_epi8(_mm512_gf2p8affine_epi64_epi8(x, matrix(kInto), 0x0b), matrix(kBack1),
                                            0x6e);
  }
  static inline V s2(V x) {
    return _mm512_gf2p8affineinv_epi64_epi8(_mm512_gf2p8affine_epi64_epi8(x, matrix(kInto), 0x0b), matrix(kBack2),
                                            0xdc);
  }
  static inline V s3(V x) {
    return _mm512_gf2p8affineinv_epi64_epi8(_mm512_gf2p8affine_epi64_epi8(x, matrix(kInto), 0x0b), matrix(kBack3),
                                            0x37);
  }
  static inline V s4(V x) {
    return _mm512_gf2p8affineinv_epi64_epi8(_mm512_gf2p8affine_epi64_epi8(x, matrix(kInto4), 0x0b), matrix(kBack1),
                                            0x6e);
  }

  // out ^= F(in, k)
  template <bool kShared>
  static inline void f(const Schedule& s, size_t k, const V* in, V* out) {
    V z[8];
    for (size_t i = 0; i < 8; i++) z[i] = xor2(in[i], key<kShared>(s, k + i));
    z[0] = s1(z[0]);
    z[1] = s2(z[1]);
    z[2] = s3(z[2]);
    z[3] = s4(z[3]);
    z[4] = s2(z[4]);
    z[5] = s3(z[5]);
    z[6] = s4(z[6]);
    z[7] = s1(z[7]);
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
    out[0] = xor3(out[0], z[4], y8);
    out[1] = xor3(out[1], z[5], y5);
    out[2] = xor3(out[2], z[6], y6);
    out[3] = xor3(out[3], z[7], y7);
    out[4] = xor2(out[4], y5);
    out[5] = xor2(out[5], y6);
    out[6] = xor2(out[6], y7);
    out[7] = xor2(out[7], y8);
  }

  // x[4..7] ^= (x[0..3] & k) turned left by one bit, over the four bytes.
  template <bool kShared>
  static inline void turn(const Schedule& s, size_t k, V* x) {
    V t[4];
    for (size_t i = 0; i < 4; i++) t[i] = _mm512_and_si512(x[i], key<kShared>(s, k + i));
    for (size_t i = 0; i < 4; i++) {
      const V carry = _mm512_gf2p8affine_epi64_epi8(t[(i + 1) % 4], matrix(0x8000000000000000), 0);
      x[4 + i] = xorOr(x[4 + i], _mm512_add_epi8(t[i], t[i]), carry);
    }
  }
  template <bool kShared>
  static inline void mix(const Schedule& s, size_t k, V* x) {
    for (size_t i = 0; i < 4; i++) x[i] = xorOr(x[i], x[4 + i], key<kShared>(s, k + 4 + i));
  }

  template <bool kShared>
  static inline void run(const Schedule& s, uint8_t* blocks) {
    V d[16];
    for (int i = 0; i < 16; i++) d[i] = loadV(blocks + 64 * i);
    transpose16(d);
    for (size_t i = 0; i < 16; i++) d[i] = xor2(d[i], key<kShared>(s, i));
    for (uint32_t round = 0;; round += 6) {
      for (size_t k = kK + 8 * round; k < kK + 8 * (round + 6); k += 16) {
        f<kShared>(s, k, d, d + 8);
        f<kShared>(s, k + 8, d + 8, d);
      }
      if (round + 6 == s.rounds) break;
      const size_t ke = kKe + 8 * (round / 3);
      // FL, and its inverse.
      turn<kShared>(s, ke, d);
      mix<kShared>(s, ke, d);
      mix<kShared>(s, ke + 8, d + 8);
      turn<kShared>(s, ke + 8, d + 8);
    }
    V o[16];
    for (size_t i = 0; i < 16; i++) o[i] = xor2(d[(i + 8) % 16], key<kShared>(s, 16 + i));
    transpose16(o);
    for (int i = 0; i < 16; i++) storeV(blocks + 64 * i, o[i]);
  }
  static void crypt(const Schedule& s, uint8_t* blocks) {
    s.keys.shared ? run<true>(s, blocks) : run<false>(s, blocks);
  }
};

// Blocks for which the lanes are worth their while.
constexpr size_t kFewCtr = 7;

void ctr(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  if (bytes < 16 * kFewCtr) return kPortableCamelliaCtr.encrypt(context, iv, text, bytes);
  Camellia::Schedule schedule;
  const CamelliaKey* keys[kLanes];
  for (auto& k : keys) k = static_cast<const CamelliaKey*>(context);
  schedule.prepare(keys, false);
  const V first = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(iv)));
  uint32_t count;
  __builtin_memcpy(&count, iv + 12, 4);
  count = __builtin_bswap32(count);
  alignas(64) uint8_t stream[16 * kLanes];
  const V reverse = _mm512_set1_epi32(0x00010203),
          swap = _mm512_add_epi32(reverse, _mm512_set4_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0));
  while (bytes > 0) {
    for (uint32_t i = 0; i < 16; i++) {
      const V number = _mm512_add_epi32(_mm512_set1_epi32(int(count + 4 * i)),
                                        _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0));
      storeV(stream + 64 * i, _mm512_mask_shuffle_epi8(first, 0xf000f000f000f000, number, swap));
    }
    count += kLanes;
    Camellia::crypt(schedule, stream);
    const size_t n = bytes < sizeof stream ? bytes : sizeof stream;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) storeV(text + i, xor2(loadV(text + i), loadV(stream + i)));
    if (i < n) {
      const __mmask64 part = ~uint64_t(0) >> (64 - (n - i));
      const V rest = _mm512_maskz_loadu_epi8(part, text + i);
      _mm512_mask_storeu_epi8(text + i, part, xor2(rest, loadV(stream + i)));
    }
    text += n;
    bytes -= n;
  }
  wipeV(stream, sizeof stream);
  schedule.wipe();
}

// The blocks of neighbouring messages of one key fill the lanes together.
void ctrOneKey(const CipherJob* jobs, size_t count) {
  Camellia::Schedule schedule;
  const CamelliaKey* keys[kLanes];
  for (auto& k : keys) k = static_cast<const CamelliaKey*>(jobs[0].context);
  schedule.prepare(keys, false);
  alignas(64) uint8_t stream[16 * kLanes] = {};
  uint8_t* text[kLanes];
  uint8_t bytes[kLanes];
  size_t n = 0;
  const auto flush = [&] {
    Camellia::crypt(schedule, stream);
    for (size_t i = 0; i < n; i++) {
      const __mmask16 mask = __mmask16((1u << bytes[i]) - 1);
      const __m128i x = _mm_maskz_loadu_epi8(mask, text[i]);
      const __m128i y = _mm_load_si128(reinterpret_cast<const __m128i*>(stream + 16 * i));
      _mm_mask_storeu_epi8(text[i], mask, _mm_xor_si128(x, y));
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

void ctrMany(const CipherJob* jobs, size_t count) {
  for (size_t first = 0; first < count;) {
    size_t end = first, blocks = 0;
    // What fills the lanes by itself needs no company.
    for (; end < count && jobs[end].context == jobs[first].context && jobs[end].bytes < 16 * kLanes; end++) {
      blocks += (jobs[end].bytes + 15) / 16;
    }
    if (blocks >= kFewCtr) {
      ctrOneKey(jobs + first, end - first);
      first = end;
      continue;
    }
    if (end == first) end++;
    for (; first < end; first++) ctr(jobs[first].context, jobs[first].iv, jobs[first].text, jobs[first].bytes);
  }
}

using Modes = Lanes512<Camellia, 6>;

void encrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  kPortableCamelliaCbc.encrypt(context, iv, text, bytes);
}

}  // namespace

const CipherKernel kWideCamelliaCbc = {sizeof(CamelliaKey), camelliaExpand,     encrypt,
                                       Modes::decrypt,      Modes::encryptMany, Modes::decryptMany};
const CipherKernel kWideCamelliaCtr = {sizeof(CamelliaKey), camelliaExpand, ctr, ctr, ctrMany, ctrMany};

}  // namespace rp::crypto
