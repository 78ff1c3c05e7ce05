// AES-CBC of sixteen messages in columns of 64 bytes of each, two blocks to a register, cut into steps that go between
// the rounds of a hash. The messages are two halves of eight: a hash of eight words in a register takes one of them at
// a time. Internal linkage, see kernel.h.
#pragma once
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"

namespace rp::crypto {
namespace {

constexpr size_t kHalf = kCbcHashLanes / 2;

inline __m256i loadPair(const uint8_t* low, const uint8_t* high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(loadBlock(low)), loadBlock(high), 1);
}
inline void storePair(uint8_t* low, uint8_t* high, __m256i x) {
  storeBlock(low, _mm256_castsi256_si128(x));
  storeBlock(high, _mm256_extracti128_si256(x, 1));
}

// What a hash has beside it where there is nothing to do.
struct NothingBeside {
  template <int n, int slots>
  inline __attribute__((always_inline)) void slot() {}
};

// Encryption: a register has a block of messages 2i and 2i + 1.
template <int kAes>
struct CbcSealKeys {
  __m256i rounds[2][kAes + 1][kHalf / 2];

  explicit CbcSealKeys(const void* const* contexts) {
    for (size_t i = 0; i < kHalf; i++) {
      const auto of = [&](size_t lane) -> const AesniKey& {
        return static_cast<const AesModes<Aesni>::CbcContext*>(contexts[lane])->forward;
      };
      const AesniKey &low = of(2 * i), &high = of(2 * i + 1);
      for (int r = 0; r <= kAes; r++)
        rounds[i / (kHalf / 2)][r][i % (kHalf / 2)] = _mm256_set_m128i(high.rounds[r], low.rounds[r]);
    }
  }
};

// A column of one half, kAbreast registers at a time.
template <int kAes, int kAbreast>
struct CbcSealBeside {
  using V = __m256i;
  static constexpr int kRegisters = kHalf / 2, kBlockSteps = (kAes + 1) * kAbreast,
                       kSteps = 4 * (kAes + 1) * kRegisters;
  const V (*keys)[kRegisters];
  V* last;  // of each register the ciphertext so far
  uint8_t* at[kHalf];
  V x[kAbreast];

  // Columns begin at text[lane] + ahead[lane].
  CbcSealBeside(const CbcSealKeys<kAes>& k, size_t half, V* chain, uint8_t* const* text, const size_t* ahead)
      : keys(k.rounds[half]), last(chain + kRegisters * half) {
    for (size_t i = 0; i < kHalf; i++) at[i] = text[kHalf * half + i] + ahead[kHalf * half + i];
  }

  template <int j, int end>
  inline __attribute__((always_inline)) void steps() {
    if constexpr (j < end) {
      constexpr int kGroup = j / (4 * kBlockSteps), kBlock = j / kBlockSteps % 4, kRound = j % kBlockSteps / kAbreast,
                    k = j % kAbreast, i = kGroup * kAbreast + k;
      if constexpr (kRound == 0) {
        const V text = loadPair(at[2 * i] + 16 * kBlock, at[2 * i + 1] + 16 * kBlock);
        if constexpr (kBlock == 0) x[k] = last[i];
        x[k] = _mm256_xor_si256(x[k], _mm256_xor_si256(text, keys[0][i]));
      } else if constexpr (kRound < kAes) {
        x[k] = _mm256_aesenc_epi128(x[k], keys[kRound][i]);
      } else {
        x[k] = _mm256_aesenclast_epi128(x[k], keys[kAes][i]);
        storePair(at[2 * i] + 16 * kBlock, at[2 * i + 1] + 16 * kBlock, x[k]);
        if constexpr (kBlock == 3) last[i] = x[k];
      }
      steps<j + 1, end>();
    }
  }
  // The n-th of so many equal parts.
  template <int n, int slots>
  inline __attribute__((always_inline)) void slot() {
    steps<n * kSteps / slots, (n + 1) * kSteps / slots>();
  }
};

// CbcHashKernel's `seal` over a Hash that has kAbreast, a State of sixteen messages, and
// `hash`: a block of each message of a half with something beside.
template <int kAes, class Hash>
void sealColumns(const void* const* contexts, uint8_t* const* messages, const size_t* steps, size_t columns,
                 uint32_t* words) {
  constexpr size_t kStay[kCbcHashLanes] = {};
  CbcSealKeys<kAes> keys(contexts);
  typename Hash::State state(words);
  __m256i last[kHalf];
  uint8_t *data[kCbcHashLanes], *text[kCbcHashLanes];
  for (size_t i = 0; i < kCbcHashLanes; i++) {
    data[i] = messages[i];
    text[i] = messages[i] + kHashedHeader;
  }
  for (size_t i = 0; i < kHalf; i++) last[i] = loadPair(text[2 * i] - 16, text[2 * i + 1] - 16);
  CbcSealBeside<kAes, Hash::kAbreast>(keys, 0, last, text, kStay).template slot<0, 1>();
  // While a half is hashed the other one is encrypted, of the column after that if it is the first half.
  for (size_t turn = 0; turn < 2 * columns - 1; turn++) {
    const size_t half = turn % 2;
    CbcSealBeside<kAes, Hash::kAbreast> beside(keys, half ^ 1, last, text, half == 0 ? kStay : steps);
    Hash::hash(state, half, data, beside);
    if (half == 0) continue;
    for (size_t i = 0; i < kCbcHashLanes; i++) {
      data[i] += steps[i];
      text[i] += steps[i];
    }
  }
  NothingBeside nothing;
  Hash::hash(state, 1, data, nothing);
  state.store(words);
  __builtin_memset(keys.rounds, 0, sizeof keys.rounds);
  // The keys are gone from memory even if nothing reads it again.
  __asm__ volatile("" : : "r"(&keys) : "memory");
}

template <class Hash>
void sealColumnsOfAnyKey(const void* const* contexts, uint8_t* const* messages, const size_t* steps, size_t columns,
                         void* state) {
  withRounds(static_cast<const AesModes<Aesni>::CbcContext*>(contexts[0])->forward.count, [&](auto rounds) {
    sealColumns<decltype(rounds)::value, Hash>(contexts, messages, steps, columns, static_cast<uint32_t*>(state));
  });
}

}  // namespace
}  // namespace rp::crypto
