// The other direction of avx512_cbc_columns.h: AES-CBC decryption of sixteen messages goes between the rounds of their
// hash. The four blocks of a column are decrypted at once, so a register is of one message. Internal linkage, see
// kernel.h.
#pragma once
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"
#include "crypto/avx512_rounds.h"
#include "crypto/avx512_sha_rounds.h"
#include "crypto/avx512_turns.h"

namespace rp::crypto {
namespace {

struct OpenColumns {
  using V = __m512i;
  V text[4][4];                  // of the column that is turned: block b of messages i, 4 + i, 8 + i and 12 + i
  V words[2][16];                // of the ciphertext
  V before[kCbcHashLanes];       // the block before the column that is decrypted, with zeros above
  const V* keys[kCbcHashLanes];  // each round key in all quarters
  V tables[kCbcHashLanes][15];
  uint8_t* at[kCbcHashLanes];           // the column that is decrypted
  const uint8_t* ahead[kCbcHashLanes];  // the column whose words come next
  size_t used = 0;

  void setKeys(size_t lane, const void* const* contexts) {
    const size_t like = lane > 0 && contexts[lane] == contexts[lane - 1] ? lane - 1 : 0;
    if (lane > 0 && contexts[lane] == contexts[like]) {
      keys[lane] = keys[like];
      return;
    }
    V* const table = tables[used++];
    const AesniKey& key = static_cast<const AesModes<Aesni>::CbcContext*>(contexts[lane])->inverse;
    for (uint32_t r = 0; r <= key.count; r++) table[r] = spreadBlock(key.rounds[r]);
    keys[lane] = table;
  }
};

// What goes between the rounds of a hash: a column is decrypted, and kTurns: the next one to be hashed becomes words.
template <int kAes, class Rounds, bool kTurns>
struct OpenBeside : Turns {
  // The steps of the decryption, of four messages abreast: the ciphertext under the first key, kAes rounds, the block
  // before.
  static constexpr int kGroupSteps = 4 * (kAes + 2), kSteps = 4 * kGroupSteps;
  static constexpr int kCipherSlots = Rounds::kCipherSlots * Rounds::kRounds;
  static constexpr int kMoves = 80, kMoveSlots = Rounds::kMoveSlots * Rounds::kRounds;
  OpenColumns& c;
  V* words;
  V x[4];

  OpenBeside(OpenColumns& columns, V* to) : c(columns), words(to) {}

  template <int j, int end>
  inline __attribute__((always_inline)) void steps() {
    if constexpr (j < end) {
      constexpr int kRound = j % kGroupSteps / 4, i = j % 4, kLane = j / kGroupSteps * 4 + i;
      if constexpr (kRound == 0) {
        x[i] = Ordered::load(c.keys[kLane]);
        Ordered::exclusive(x[i], reinterpret_cast<const V*>(c.at[kLane]));
      } else if constexpr (kRound < kAes) {
        Ordered::decrypt(x[i], c.keys[kLane] + kRound);
      } else if constexpr (kRound == kAes) {
        Ordered::decryptLast(x[i], c.keys[kLane] + kAes);
      } else {
        uint8_t* const p = c.at[kLane];
        Ordered::exclusive(x[i], &c.before[kLane]);
        Ordered::exclusiveAbove(x[i], p - 16);
        Ordered::copyBlock(&c.before[kLane], p + 48);
        Ordered::store(p, x[i]);
      }
      steps<j + 1, end>();
    }
  }
  template <int n>
  inline __attribute__((always_inline)) void cipher() {
    steps<n * kSteps / kCipherSlots, (n + 1) * kSteps / kCipherSlots>();
  }

  // First the half turns of the rows, then the words of each block.
  template <int k, int end>
  inline __attribute__((always_inline)) void moves() {
    if constexpr (kTurns && k < end) {
      if constexpr (k < 32) {
        constexpr int i = k / 8, half = k / 4 % 2;
        turnBlocks<half, k % 4>(c.ahead[i], c.ahead[4 + i], c.ahead[8 + i], c.ahead[12 + i], &c.text[i][2 * half],
                                &c.text[i][2 * half + 1]);
      } else {
        constexpr int kBlock = (k - 32) / 12, kPair = (k - 32) / 6 % 2;
        V* const to = words + 4 * kBlock + 2 * kPair;
        toWords<kPair, (k - 32) % 6>(&c.text[0][kBlock], &c.text[1][kBlock], &c.text[2][kBlock], &c.text[3][kBlock], to,
                                     to + 1);
      }
      moves<k + 1, end>();
    }
  }
  template <int n>
  inline __attribute__((always_inline)) void move() {
    moves<n * kMoves / kMoveSlots, (n + 1) * kMoves / kMoveSlots>();
  }
};

template <int kAes, class Rounds>
void openColumns(const void* const* contexts, uint8_t* const* messages, uint8_t* const* texts, uint8_t (*ivs)[16],
                 const size_t* steps, size_t columns, __m512i* state) {
  OpenColumns c;
  for (size_t lane = 0; lane < kCbcHashLanes; lane++) {
    c.setKeys(lane, contexts);
    c.before[lane] = _mm512_zextsi128_si512(loadBlock(ivs[lane]));
    c.at[lane] = texts[lane];
    c.ahead[lane] = messages[lane];
  }
  OpenBeside<kAes, Rounds, true>(c, c.words[0]).template moves<0, 80>();
  for (size_t n = 0; n < columns; n++) {
    const auto wordsOf = [words = c.words[n & 1]](int i) { return words + i; };
    if (n + 1 < columns) {
      for (size_t lane = 0; lane < kCbcHashLanes; lane++) c.ahead[lane] += steps[lane];
      OpenBeside<kAes, Rounds, true> beside(c, c.words[~n & 1]);
      hashBlock<Rounds>(state, wordsOf, beside);
    } else {
      OpenBeside<kAes, Rounds, false> beside(c, nullptr);
      hashBlock<Rounds>(state, wordsOf, beside);
    }
    for (size_t lane = 0; lane < kCbcHashLanes; lane++) {
      c.at[lane] = n == 0 ? messages[lane] + kHashedHeader : c.at[lane] + steps[lane];
    }
  }
  for (size_t lane = 0; lane < kCbcHashLanes; lane++) storeBlock(ivs[lane], _mm512_castsi512_si128(c.before[lane]));
  __builtin_memset(c.tables, 0, c.used * sizeof c.tables[0]);
  // The keys are gone from memory even if nothing reads it again.
  __asm__ volatile("" : : "r"(&c) : "memory");
}

template <class Rounds>
void openColumnsOfAnyKey(const void* const* contexts, uint8_t* const* messages, uint8_t* const* texts,
                         uint8_t (*ivs)[16], const size_t* steps, size_t columns, void* state) {
  withRounds(static_cast<const AesModes<Aesni>::CbcContext*>(contexts[0])->inverse.count, [&](auto rounds) {
    openColumns<decltype(rounds)::value, Rounds>(contexts, messages, texts, ivs, steps, columns,
                                                 static_cast<__m512i*>(state));
  });
}

}  // namespace
}  // namespace rp::crypto
