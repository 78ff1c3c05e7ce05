// AES-CBC-MAC of sixteen messages side by side, four lanes to a register.
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"
#include "crypto/avx512.h"
#include "crypto/avx512_rounds.h"

namespace rp::crypto {
namespace {

constexpr int kLanes = 16, kRegisters = kLanes / 4;

inline const AesniKey& keyOf(const MacJob& j) { return *static_cast<const AesniKey*>(j.context); }

// kOneKey: the messages share one, and each round loads it once; else every lane has its own.
template <int kRounds, bool kOneKey>
struct WideMacLanes : MacLanes<kLanes> {
  alignas(64) __m128i keys[kRounds + 1][kOneKey ? 1 : kLanes];
  alignas(64) __m128i state[kLanes];

  using MacLanes<kLanes>::MacLanes;

  void refill(int lane) {
    const MacJob* const j = take(lane, [](const MacJob& m) { return keyOf(m).count == kRounds; });
    if (j == nullptr) return;
    if (!kOneKey) {
      for (int r = 0; r <= kRounds; r++) keys[r][lane] = keyOf(*j).rounds[r];
    }
    state[lane] = loadBlock(j->state);
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
        for (int l = 0; l < 4; l++) {
          t[i][l] = _mm512_loadu_si512(at[4 * i + l]);
          at[4 * i + l] += 4 * step[4 * i + l];
        }
        transposeBlocks(t[i]);
      }
#pragma GCC unroll 4
      for (int b = 0; b < 4; b++) {
        const __m512i in[kRegisters] = {t[0][b], t[1][b], t[2][b], t[3][b]};
        encrypt(x, in);
      }
    }
    for (; blocks > 0; blocks--) {
      __m512i in[kRegisters];
#pragma GCC unroll 4
      for (int i = 0; i < kRegisters; i++) {
        const uint8_t* const* const p = at + 4 * i;
        in[i] = _mm512_inserti32x4(_mm512_castsi128_si512(loadBlock(p[0])), loadBlock(p[1]), 1);
        in[i] = _mm512_inserti32x4(_mm512_inserti32x4(in[i], loadBlock(p[2]), 2), loadBlock(p[3]), 3);
      }
      encrypt(x, in);
      for (int l = 0; l < kLanes; l++) at[l] += step[l];
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; i++) _mm512_store_si512(&state[4 * i], x[i]);
  }
};

template <int kRounds, bool kOneKey>
void macLanes(MacJob* jobs, size_t count) {
  WideMacLanes<kRounds, kOneKey> lanes(jobs, count);
  __builtin_memset(lanes.keys, 0, sizeof lanes.keys);
  for (int r = 0; r <= kRounds && kOneKey; r++) lanes.keys[r][0] = keyOf(jobs[0]).rounds[r];
  __builtin_memset(lanes.state, 0, sizeof lanes.state);
  for (int i = 0; i < kLanes; i++) lanes.refill(i);
  for (size_t blocks = lanes.shortest(); blocks > 0; blocks = lanes.shortest()) {
    lanes.run(blocks);
    for (int i = 0; i < kLanes; i++) {
      if (!lanes.advance(i, blocks)) continue;
      storeBlock(lanes.job[i]->state, lanes.state[i]);
      lanes.refill(i);
    }
  }
  __builtin_memset(lanes.keys, 0, sizeof lanes.keys);
  // The keys are gone from memory even if nothing reads it again.
  __asm__ volatile("" : : "r"(&lanes) : "memory");
}

template <int kRounds>
void macOfLength(MacJob* jobs, size_t count, bool oneKey) {
  (oneKey ? macLanes<kRounds, true> : macLanes<kRounds, false>)(jobs, count);
}

void absorbMany(MacJob* jobs, size_t count) {
  uint32_t lengths = 0;
  bool oneKey = true;
  for (size_t i = 0; i < count; i++) {
    lengths |= 1u << keyOf(jobs[i]).count;
    oneKey &= jobs[i].context == jobs[0].context;
  }
  if (lengths & 1u << 10) macOfLength<10>(jobs, count, oneKey);
  if (lengths & 1u << 12) macOfLength<12>(jobs, count, oneKey);
  if (lengths & 1u << 14) macOfLength<14>(jobs, count, oneKey);
}

using Modes = AesModes<Aesni>;

}  // namespace

const CbcMacKernel kAvx512CbcMac = {sizeof(AesniKey), Modes::expandCtr, Modes::cbcMac, absorbMany};

}  // namespace rp::crypto
