// AES-CBC of sixteen messages in columns of 64 bytes of each, cut into pieces that go between the rounds of a hash.
// In a register of four blocks, quarter q of register i belongs to message 4q + i, so that four registers of one block
// become four words of all messages, in order, within their quarters. Internal linkage, see kernel.h.
#pragma once
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"
#include "crypto/avx512_rounds.h"
#include "crypto/avx512_sha_rounds.h"
#include "crypto/avx512_turns.h"

namespace rp::crypto {
namespace {

// The memory of the encryption. A column is text[i][b]: block b in register i, plain and then encrypted.
template <int kAes>
struct CbcColumns {
  using V = __m512i;
  alignas(64) V keys[kAes + 1][4];
  V text[2][4][4];
  V words[2][16];              // of the ciphertext
  uint8_t* at[kCbcHashLanes];  // the column that is encrypted
  const size_t* steps;         // from column to column

  void setKeys(const void* const contexts[kCbcHashLanes]) {
    bool one = true;
    for (size_t lane = 1; lane < kCbcHashLanes; lane++) one &= contexts[lane] == contexts[0];
    if (one) {
      const AesniKey& key = static_cast<const AesModes<Aesni>::CbcContext*>(contexts[0])->forward;
      for (int r = 0; r <= kAes; r++) {
        for (V& k : keys[r]) k = spreadBlock(key.rounds[r]);
      }
      return;
    }
    for (size_t lane = 0; lane < kCbcHashLanes; lane++) {
      const AesniKey& key = static_cast<const AesModes<Aesni>::CbcContext*>(contexts[lane])->forward;
      for (int r = 0; r <= kAes; r++) reinterpret_cast<__m128i*>(keys[r])[lane % 4 * 4 + lane / 4] = key.rounds[r];
    }
  }
  void advance() {
    for (size_t lane = 0; lane < kCbcHashLanes; lane++) at[lane] += steps[lane];
  }
};

// What goes between the rounds of a hash while column n is encrypted: column n - 1 goes to memory and n + 1 comes from
// it, and the ciphertext's words are gathered. kEncrypts is false after the last column, kBefore before the first.
template <int kAes, class Rounds, bool kEncrypts, bool kBefore>
struct CbcBeside : Turns {
  // The steps of the encryption: of each block the input and kAes rounds, in four registers.
  static constexpr int kBlockSteps = 4 * (kAes + 1), kSteps = 4 * kBlockSteps;
  static constexpr int kCipherSlots = Rounds::kCipherSlots * Rounds::kRounds;
  static constexpr int kMoves = 112, kMoveSlots = Rounds::kMoveSlots * Rounds::kRounds;
  CbcColumns<kAes>& c;
  V (*now)[4], (*other)[4], *words, *otherWords;
  const size_t* ahead;  // from column n to n + 1, or to itself if it is the last
  V x[4];

  CbcBeside(CbcColumns<kAes>& columns, size_t n, const size_t* next, const V* state)
      : c(columns),
        now(columns.text[n & 1]),
        other(columns.text[~n & 1]),
        words(columns.words[n & 1]),
        otherWords(columns.words[~n & 1]),
        ahead(next) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) x[i] = state[i];
  }
  inline __attribute__((always_inline)) void save(V* state) const {
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) state[i] = x[i];
  }

  template <int j, int end>
  inline __attribute__((always_inline)) void steps() {
    if constexpr (kEncrypts && j < end) {
      constexpr int kBlock = j / kBlockSteps, kRound = j % kBlockSteps / 4, i = j % 4;
      if constexpr (kRound == 0) {
        Ordered::exclusive(x[i], Ordered::load(&c.keys[0][i]), &now[i][kBlock]);
      } else if constexpr (kRound < kAes) {
        Ordered::encrypt(x[i], &c.keys[kRound][i]);
      } else {
        Ordered::encryptLast(x[i], &c.keys[kAes][i]);
        Ordered::store(&now[i][kBlock], x[i]);
      }
      steps<j + 1, end>();
    }
  }
  template <int n>
  inline __attribute__((always_inline)) void cipher() {
    steps<n * kSteps / kCipherSlots, (n + 1) * kSteps / kCipherSlots>();
  }

  uint8_t* before(int lane) const { return c.at[lane] - c.steps[lane]; }
  uint8_t* behind(int lane) const { return c.at[lane] + ahead[lane]; }
  // Four half turns for each register: column n - 1 out, then n + 1 in.
  template <int k, int part>
  inline __attribute__((always_inline)) void textTurn() {
    constexpr int i = k / 4, half = k % 2;
    if constexpr (k % 4 < 2) {
      if constexpr (!kBefore) {
        turnBlocks<half, part>(&other[i][0], &other[i][1], &other[i][2], &other[i][3], before(8 * half + i),
                               before(8 * half + 4 + i));
      }
    } else if constexpr (kEncrypts) {
      turnBlocks<half, part>(behind(i), behind(4 + i), behind(8 + i), behind(12 + i), &other[i][2 * half],
                             &other[i][2 * half + 1]);
    }
  }
  template <int block, int pair, int part>
  inline __attribute__((always_inline)) void wordsOf(V (*from)[4], V* to) {
    to += 4 * block + 2 * pair;
    toWords<pair, part>(&from[0][block], &from[1][block], &from[2][block], &from[3][block], to, to + 1);
  }
  // First the words of the last block before, whose memory the next column takes; then the turns, and the words of each
  // block when it is encrypted.
  template <int k, int end>
  inline __attribute__((always_inline)) void moves() {
    if constexpr (k < end) {
      constexpr int kPart = (k - 24) % 28;
      if constexpr (k < 12) {
        if constexpr (kEncrypts && !kBefore) wordsOf<3, k / 6, k % 6>(other, otherWords);
      } else if constexpr (k < 24) {
        textTurn<(k - 12) / 4, k % 4>();
      } else if constexpr (k >= 108) {
        textTurn<15, k % 4>();
      } else if constexpr (kPart < 16) {
        textTurn<3 + (k - 24) / 28 * 4 + kPart / 4, kPart % 4>();
      } else if constexpr (kEncrypts) {
        wordsOf<(k - 24) / 28, (kPart - 16) / 6, (kPart - 16) % 6>(now, words);
      }
      moves<k + 1, end>();
    }
  }
  template <int n>
  inline __attribute__((always_inline)) void move() {
    moves<n * kMoves / kMoveSlots, (n + 1) * kMoves / kMoveSlots>();
  }
  // All of it with no hash beside.
  template <int n = 0>
  inline __attribute__((always_inline)) void alone() {
    steps<n * kSteps / kMoves, (n + 1) * kSteps / kMoves>();
    moves<n, n + 1>();
    if constexpr (n + 1 < kMoves) alone<n + 1>();
  }
};

template <int kAes, class Rounds>
void sealColumns(const void* const contexts[kCbcHashLanes], uint8_t* const* messages, const size_t* steps,
                 size_t columns, __m512i* state) {
  alignas(64) static constexpr size_t kStay[kCbcHashLanes] = {};
  CbcColumns<kAes> c;
  c.setKeys(contexts);
  c.steps = steps;
  alignas(64) __m128i first[4][4];
  for (size_t lane = 0; lane < kCbcHashLanes; lane++) {
    const uint8_t* const p = messages[lane];
    c.at[lane] = messages[lane] + kHashedHeader;
    first[lane % 4][lane / 4] = loadBlock(p + 8);
    for (int i = 0; i < 6; i++) {
      uint32_t word;
      __builtin_memcpy(&word, p + 4 * i, 4);
      reinterpret_cast<uint32_t*>(&c.words[1][10 + i])[lane] = __builtin_bswap32(word);
    }
  }
  __m512i x[4];
  for (int i = 0; i < 4; i++) x[i] = _mm512_load_si512(first[i]);
  {
    // Column 0 comes in as the one behind a column that is not there.
    CbcBeside<kAes, Rounds, true, true> in(c, 1, kStay, x);
    in.template moves<12, 24>();
    in.template moves<24, 40>();
    in.template moves<52, 68>();
    in.template moves<80, 96>();
    in.template moves<108, 112>();
    CbcBeside<kAes, Rounds, true, true> beside(c, 0, columns > 1 ? steps : kStay, x);
    beside.alone();
    beside.save(x);
  }
  const auto wordsOf = [&c](size_t n) {
    const __m512i *const older = c.words[n & 1] + 10, *const newer = c.words[~n & 1];
    return [=](int i) { return i < 6 ? older + i : newer + (i - 6); };
  };
  for (size_t n = 1; n < columns; n++) {
    c.advance();
    CbcBeside<kAes, Rounds, true, false> beside(c, n, n + 1 < columns ? steps : kStay, x);
    hashBlock<Rounds>(state, wordsOf(n), beside);
    beside.save(x);
  }
  c.advance();
  CbcBeside<kAes, Rounds, false, false> last(c, columns, kStay, x);
  hashBlock<Rounds>(state, wordsOf(columns), last);
  __builtin_memset(c.keys, 0, sizeof c.keys);
  // The keys are gone from memory even if nothing reads it again.
  __asm__ volatile("" : : "r"(&c) : "memory");
}

template <class Rounds>
void sealColumnsOfAnyKey(const void* const* contexts, uint8_t* const* messages, const size_t* steps, size_t columns,
                         void* state) {
  withRounds(static_cast<const AesModes<Aesni>::CbcContext*>(contexts[0])->forward.count, [&](auto rounds) {
    sealColumns<decltype(rounds)::value, Rounds>(contexts, messages, steps, columns, static_cast<__m512i*>(state));
  });
}

}  // namespace
}  // namespace rp::crypto
