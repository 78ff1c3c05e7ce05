// MD5, SHA-1, SHA-256 and SHA-512 of as many messages at a time as a register has words. `Isa` has the register type V
// and what the instructions do to it: a row is a lane's words as they are in memory, `transpose` makes kLanes rows of
// kLanes words columns of one word of every lane, and back. Internal linkage, see kernel.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"
#include "crypto/md5_constants.h"
#include "crypto/sha256_constants.h"
#include "crypto/sha512_constants.h"

namespace rp::crypto {
namespace {

template <class Isa>
struct HashLanes {
  using V = typename Isa::V;
  using Word = typename Isa::Word;

  template <class... T>
  static V sum(V a, V b, T... rest) {
    if constexpr (sizeof...(rest) == 0) {
      return Isa::add(a, b);
    } else {
      return Isa::add(a, sum(b, rest...));
    }
  }

  // The working variables turn instead of moving.
  template <int i>
  static inline __attribute__((always_inline)) void md5Rounds(V s[4], const V w[16]) {
    constexpr int kIndex = (i < 16 ? i : i < 32 ? 5 * i + 1 : i < 48 ? 3 * i + 5 : 7 * i) & 15;
    V &a = s[-i & 3], &b = s[(1 - i) & 3], &c = s[(2 - i) & 3], &d = s[(3 - i) & 3];
    V f;
    if constexpr (i < 16) {
      f = Isa::choose(b, c, d);
    } else if constexpr (i < 32) {
      f = Isa::choose(d, b, c);
    } else if constexpr (i < 48) {
      f = Isa::xor3(b, c, d);
    } else {
      f = Isa::md5Last(b, c, d);
    }
    a = Isa::add(b, Isa::template rol<kMd5Shifts[i / 16][i % 4]>(sum(f, Isa::set(kMd5Sines[i]), w[kIndex], a)));
    if constexpr (i < 63) md5Rounds<i + 1>(s, w);
  }

  template <int i>
  static inline __attribute__((always_inline)) void sha1Rounds(V s[5], V w[16]) {
    constexpr uint32_t kConstants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    V& x = w[i & 15];
    if constexpr (i >= 16) {
      x = Isa::template rol<1>(Isa::exclusive(Isa::xor3(w[(i - 3) & 15], w[(i - 8) & 15], w[(i - 14) & 15]), x));
    }
    V &a = s[(80 - i) % 5], &b = s[(81 - i) % 5], &c = s[(82 - i) % 5], &d = s[(83 - i) % 5], &e = s[(84 - i) % 5];
    V f;
    if constexpr (i < 20) {
      f = Isa::choose(b, c, d);
    } else if constexpr (i >= 40 && i < 60) {
      f = Isa::majority(b, c, d);
    } else {
      f = Isa::xor3(b, c, d);
    }
    e = Isa::add(sum(Isa::set(kConstants[i / 20]), e, x), Isa::add(Isa::template rol<5>(a), f));
    b = Isa::template rol<30>(b);
    if constexpr (i < 79) sha1Rounds<i + 1>(s, w);
  }

  // FIPS 180-4 4.1.2, 4.1.3: the amounts by which the two SHA-2 functions of a kind rotate.
  template <int r0, int r1, int r2>
  static V big(V x) {
    return Isa::xor3(Isa::template ror<r0>(x), Isa::template ror<r1>(x), Isa::template ror<r2>(x));
  }
  template <int r0, int r1, int shift>
  static V small(V x) {
    return Isa::xor3(Isa::template ror<r0>(x), Isa::template ror<r1>(x), Isa::template shr<shift>(x));
  }
  template <int i>
  static inline __attribute__((always_inline)) void sha2Rounds(V s[8], V w[16]) {
    constexpr bool kLong = sizeof(Word) == 8;
    constexpr int kRounds = kLong ? 80 : 64;
    if constexpr (i >= 16) {
      const V x = w[(i - 15) & 15], y = w[(i - 2) & 15];
      const V s0 = kLong ? small<1, 8, 7>(x) : small<7, 18, 3>(x),
              s1 = kLong ? small<19, 61, 6>(y) : small<17, 19, 10>(y);
      w[i & 15] = Isa::add(Isa::add(w[i & 15], s0), Isa::add(w[(i - 7) & 15], s1));
    }
    V &a = s[-i & 7], &b = s[(1 - i) & 7], &c = s[(2 - i) & 7], &d = s[(3 - i) & 7];
    V &e = s[(4 - i) & 7], &f = s[(5 - i) & 7], &g = s[(6 - i) & 7], &h = s[(7 - i) & 7];
    const V big1 = kLong ? big<14, 18, 41>(e) : big<6, 11, 25>(e),
            big0 = kLong ? big<28, 34, 39>(a) : big<2, 13, 22>(a);
    V constant;
    if constexpr (kLong) {
      constant = Isa::set(kSha512Rounds[i]);
    } else {
      constant = Isa::set(kSha256Rounds[i]);
    }
    const V t = sum(Isa::add(h, big1), Isa::choose(e, f, g), w[i & 15], constant);
    d = Isa::add(d, t);
    h = Isa::add(t, Isa::add(big0, Isa::majority(a, b, c)));
    if constexpr (i + 1 < kRounds) sha2Rounds<i + 1>(s, w);
  }

  // Words kLanes * part and on of every lane.
  template <bool kSwap>
  static void loadColumns(V* w, const uint8_t* const* data, size_t at, int part) {
    V r[Isa::kLanes];
    for (int i = 0; i < Isa::kLanes; i++) {
      r[i] = Isa::load(data[i] + at + sizeof(V) * size_t(part));
      if (kSwap) r[i] = Isa::swap(r[i]);
    }
    Isa::transpose(r);
    for (int i = 0; i < Isa::kLanes; i++) w[Isa::kLanes * part + i] = r[i];
  }
  template <bool kLittleEndian>
  static void loadBlocks(V w[16], const uint8_t* const* data, size_t at) {
    for (int part = 0; part < 16 / Isa::kLanes; part++) loadColumns<!kLittleEndian>(w, data, at, part);
  }
  // A state from the rows of all lanes, of which whole registers are read.
  template <int kWords>
  static void loadState(V h[kWords], const uint8_t* const* rows) {
    V w[16];
    for (int part = 0; Isa::kLanes * part < kWords; part++) loadColumns<false>(w, rows, 0, part);
    for (int i = 0; i < kWords; i++) h[i] = w[i];
  }

  template <int kWords, class Rounds>
  static inline __attribute__((always_inline)) void block(V h[kWords], V w[16], Rounds rounds) {
    V s[kWords];
    for (int i = 0; i < kWords; i++) s[i] = h[i];
    rounds(s, w);
    for (int i = 0; i < kWords; i++) h[i] = Isa::add(h[i], s[i]);
  }

  // `state` by word and then lane.
  template <int kWords, bool kLittleEndian, class Rounds>
  static void run(void* state, const uint8_t* const* data, size_t blocks, Rounds rounds) {
    auto* words = static_cast<Word*>(state);
    V h[kWords];
    for (int i = 0; i < kWords; i++) h[i] = Isa::load(words + Isa::kLanes * i);
    for (size_t b = 0; b < blocks; b++) {
      V w[16];
      loadBlocks<kLittleEndian>(w, data, 16 * sizeof(Word) * b);
      block<kWords>(h, w, rounds);
    }
    for (int i = 0; i < kWords; i++) Isa::store(words + Isa::kLanes * i, h[i]);
  }

  // The padded ends of messages, and how many blocks each has.
  struct Tails {
    static constexpr size_t kBlock = 16 * sizeof(Word);
    alignas(64) uint8_t bytes[Isa::kLanes][2 * kBlock];
    const uint8_t* at[Isa::kLanes];
    alignas(64) Word two[Isa::kLanes];  // all ones if the lane has a second block
    bool anyTwo;

    template <bool kLittleEndian>
    void pad(int lane, const HmacEnd& e) {
      uint8_t* const p = bytes[lane];
      Isa::template part<2 * kBlock>(p, e.rest, e.restBytes);
      __builtin_memcpy(p + e.restBytes, e.suffix, sizeof e.suffix);
      const size_t n = e.restBytes + e.suffixBytes;
      const uint8_t one[4] = {0x80};
      __builtin_memcpy(p + n, one, sizeof one);
      const bool second = n + 1 + 2 * sizeof(Word) > kBlock;
      const uint64_t bits = 8 * e.totalBytes, length = kLittleEndian ? bits : __builtin_bswap64(bits);
      __builtin_memcpy(p + kBlock * (1 + second) - 8, &length, 8);
      at[lane] = p;
      two[lane] = second ? ~Word(0) : 0;
      anyTwo |= second;
    }
  };

  // LaneKernel's finish. The digest has the first kDigest words of the state.
  template <int kWords, int kDigest, bool kLittleEndian, class Rounds>
  static void finish(const HmacEnd* ends, size_t count, Rounds rounds) {
    Tails tails;
    tails.anyTwo = false;
    const uint8_t *inner[Isa::kLanes], *outer[Isa::kLanes];
    for (int i = 0; i < Isa::kLanes; i++) {
      const HmacEnd& e = ends[size_t(i) < count ? i : 0];
      tails.template pad<kLittleEndian>(i, e);
      inner[i] = static_cast<const uint8_t*>(e.inner);
      outer[i] = static_cast<const uint8_t*>(e.outer);
    }
    V h[kWords], w[16];
    loadState<kWords>(h, inner);
    loadBlocks<kLittleEndian>(w, tails.at, 0);
    block<kWords>(h, w, rounds);
    if (tails.anyTwo) {
      V before[kWords];
      for (int i = 0; i < kWords; i++) before[i] = h[i];
      loadBlocks<kLittleEndian>(w, tails.at, Tails::kBlock);
      block<kWords>(h, w, rounds);
      const V two = Isa::load(tails.two);
      for (int i = 0; i < kWords; i++) h[i] = Isa::choose(two, h[i], before[i]);
    }
    // The outer hash's only block is the inner digest, padded, behind the key's block (RFC 2104 2).
    const Word bits = 8 * Word(Tails::kBlock + kDigest * sizeof(Word));
    for (int i = 0; i < 16; i++) {
      const bool length = i == (kLittleEndian ? 14 : 15);
      const Word one = kLittleEndian ? 0x80 : Word(0x80) << (8 * sizeof(Word) - 8);
      w[i] = i < kDigest ? h[i] : Isa::set(i == kDigest ? one : length ? bits : 0);
    }
    loadState<kWords>(h, outer);
    block<kWords>(h, w, rounds);
    constexpr int kParts = (kWords + Isa::kLanes - 1) / Isa::kLanes;
    for (int part = 0; part < kParts; part++) {
      V r[Isa::kLanes];
      for (int i = 0; i < Isa::kLanes; i++) {
        const int word = Isa::kLanes * part + i;
        r[i] = word >= kWords ? Isa::set(0) : kLittleEndian ? h[word] : Isa::swap(h[word]);
      }
      Isa::transpose(r);
      for (size_t i = 0; i < count; i++) Isa::store(ends[i].digest + sizeof(V) * size_t(part), r[i]);
    }
  }

  struct Md5 {
    inline __attribute__((always_inline)) void operator()(V* s, V* w) const { md5Rounds<0>(s, w); }
  };
  struct Sha1 {
    inline __attribute__((always_inline)) void operator()(V* s, V* w) const { sha1Rounds<0>(s, w); }
  };
  struct Sha2 {
    inline __attribute__((always_inline)) void operator()(V* s, V* w) const { sha2Rounds<0>(s, w); }
  };

  static void md5(void* state, const uint8_t* const* data, size_t n) { run<4, true>(state, data, n, Md5{}); }
  static void sha1(void* state, const uint8_t* const* data, size_t n) { run<5, false>(state, data, n, Sha1{}); }
  // SHA-256, or SHA-384 and SHA-512 where the words are long.
  static void sha2(void* state, const uint8_t* const* data, size_t n) { run<8, false>(state, data, n, Sha2{}); }
  static void md5Finish(const HmacEnd* ends, size_t count) { finish<4, 4, true>(ends, count, Md5{}); }
  static void sha1Finish(const HmacEnd* ends, size_t count) { finish<5, 5, false>(ends, count, Sha1{}); }
  static void sha384Finish(const HmacEnd* ends, size_t count) { finish<8, 6, false>(ends, count, Sha2{}); }
  static void sha2Finish(const HmacEnd* ends, size_t count) { finish<8, 8, false>(ends, count, Sha2{}); }
};

}  // namespace
}  // namespace rp::crypto
