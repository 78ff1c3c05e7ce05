// AES-CBC encryption of sixteen messages side by side, four lanes to a register.
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"
#include "crypto/avx512.h"
#include "crypto/avx512_rounds.h"

namespace rp::crypto {
namespace {

constexpr int kLanes = 16, kRegisters = kLanes / 4;

inline const AesniKey& keyOf(const CipherJob& j) {
  return static_cast<const AesModes<Aesni>::CbcContext*>(j.context)->forward;
}

// kOneKey: the messages share one, and each round loads it once; else every lane has its own.
template <int kRounds, bool kOneKey>
struct Lanes {
  alignas(64) __m128i keys[kRounds + 1][kOneKey ? 1 : kLanes];
  alignas(64) __m128i state[kLanes];
  alignas(64) uint8_t idle[64];
  uint8_t* text[kLanes];
  size_t left[kLanes], step[kLanes];  // in blocks; `step` is 0 for a lane that has nothing left to do
  const CipherJob *next, *end;

  void refill(int lane) {
    for (; next < end; next++) {
      const AesniKey& key = keyOf(*next);
      if (key.count != kRounds || next->bytes < 16) continue;
      if (!kOneKey) {
        for (int r = 0; r <= kRounds; r++) keys[r][lane] = key.rounds[r];
      }
      state[lane] = loadBlock(next->iv);
      text[lane] = next->text;
      left[lane] = next->bytes / 16;
      step[lane] = 1;
      next++;
      return;
    }
    // It goes through the motions on a block of its own, under the key that it has.
    text[lane] = idle;
    left[lane] = step[lane] = 0;
  }

  void encrypt(__m512i x[kRegisters], const __m512i in[kRegisters]) const {
    __m512i k[kRegisters];
    const auto load = [&](int r) {
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
        k[i] = !kOneKey ? _mm512_load_si512(&keys[r][4 * i]) : i == 0 ? spreadBlock(keys[r][0]) : k[0];
      }
    };
    load(0);
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; i++) x[i] = xor3(x[i], in[i], k[i]);
#pragma GCC unroll 14
    for (int r = 1; r < kRounds; r++) {
      load(r);
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) x[i] = _mm512_aesenc_epi128(x[i], k[i]);
      abreast(x);
    }
    load(kRounds);
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; i++) x[i] = _mm512_aesenclast_epi128(x[i], k[i]);
  }

  void run(size_t blocks) {
    __m512i x[kRegisters];
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; i++) x[i] = _mm512_load_si512(&state[4 * i]);
    for (; blocks >= 4; blocks -= 4) {
      __m512i t[kRegisters][4];
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
#pragma GCC unroll 4
        for (int l = 0; l < 4; l++) t[i][l] = _mm512_loadu_si512(text[4 * i + l]);
        transposeBlocks(t[i]);
      }
#pragma GCC unroll 4
      for (int b = 0; b < 4; b++) {
        __m512i in[kRegisters];
#pragma GCC unroll 4
        for (int i = 0; i < kRegisters; i++) in[i] = t[i][b];
        encrypt(x, in);
#pragma GCC unroll 4
        for (int i = 0; i < kRegisters; i++) t[i][b] = x[i];
      }
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
        transposeBlocks(t[i]);
#pragma GCC unroll 4
        for (int l = 0; l < 4; l++) {
          _mm512_storeu_si512(text[4 * i + l], t[i][l]);
          text[4 * i + l] += 64 * step[4 * i + l];
        }
      }
    }
    for (; blocks > 0; blocks--) {
      __m512i in[kRegisters];
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
        uint8_t* const* const p = text + 4 * i;
        in[i] = _mm512_inserti32x4(_mm512_castsi128_si512(loadBlock(p[0])), loadBlock(p[1]), 1);
        in[i] = _mm512_inserti32x4(_mm512_inserti32x4(in[i], loadBlock(p[2]), 2), loadBlock(p[3]), 3);
      }
      encrypt(x, in);
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
        storeBlock(text[4 * i], _mm512_castsi512_si128(x[i]));
        storeBlock(text[4 * i + 1], _mm512_extracti32x4_epi32(x[i], 1));
        storeBlock(text[4 * i + 2], _mm512_extracti32x4_epi32(x[i], 2));
        storeBlock(text[4 * i + 3], _mm512_extracti32x4_epi32(x[i], 3));
      }
      for (int l = 0; l < kLanes; l++) text[l] += 16 * step[l];
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; i++) _mm512_store_si512(&state[4 * i], x[i]);
  }
};

template <int kRounds, bool kOneKey>
void encryptLanes(const CipherJob* jobs, size_t count) {
  Lanes<kRounds, kOneKey> lanes;
  lanes.next = jobs;
  lanes.end = jobs + count;
  __builtin_memset(lanes.keys, 0, sizeof lanes.keys);
  for (int r = 0; r <= kRounds && kOneKey; r++) lanes.keys[r][0] = keyOf(jobs[0]).rounds[r];
  __builtin_memset(lanes.state, 0, sizeof lanes.state);
  __builtin_memset(lanes.idle, 0, sizeof lanes.idle);
  for (int i = 0; i < kLanes; i++) lanes.refill(i);
  for (;;) {
    size_t blocks = 0;
    for (const size_t n : lanes.left) blocks = n != 0 && (blocks == 0 || n < blocks) ? n : blocks;
    if (blocks == 0) break;
    lanes.run(blocks);
    for (int i = 0; i < kLanes; i++) {
      if (lanes.left[i] != 0 && (lanes.left[i] -= blocks) == 0) lanes.refill(i);
    }
  }
  __builtin_memset(lanes.keys, 0, sizeof lanes.keys);
  // The keys are gone from memory even if nothing reads it again.
  __asm__ volatile("" : : "r"(&lanes) : "memory");
}

template <int kRounds>
void encryptOfLength(const CipherJob* jobs, size_t count, bool oneKey) {
  (oneKey ? encryptLanes<kRounds, true> : encryptLanes<kRounds, false>)(jobs, count);
}

}  // namespace

void avx512CbcEncryptMany(const CipherJob* jobs, size_t count) {
  uint32_t lengths = 0;
  bool oneKey = true;
  for (size_t i = 0; i < count; i++) {
    lengths |= 1u << keyOf(jobs[i]).count;
    oneKey &= jobs[i].context == jobs[0].context;
  }
  if (lengths & 1u << 10) encryptOfLength<10>(jobs, count, oneKey);
  if (lengths & 1u << 12) encryptOfLength<12>(jobs, count, oneKey);
  if (lengths & 1u << 14) encryptOfLength<14>(jobs, count, oneKey);
}

}  // namespace rp::crypto
