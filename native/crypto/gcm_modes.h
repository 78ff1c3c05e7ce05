// AES-GCM over the block instructions of a CPU: eight blocks at a time, and those of short packets side by side; GHASH
// of as many as there are, up to ten, under one reduction. `Isa` has the block type and what the instructions do to it.
// Internal linkage, see kernel.h.
#pragma once
#include "crypto/aes_modes.h"
#ifdef RP_MEMCHECK
#include <valgrind/memcheck.h>
#endif

namespace rp::crypto {
namespace {

template <class Isa>
struct GcmModes {
  using Block = typename Isa::Block;
  using Key = typename Isa::Key;
  static constexpr int kWide = AesModes<Isa>::kWide;
  // Aad, the end of the text and the lengths.
  static constexpr int kPowers = kWide + 2;

  struct Context {
    Key aes;
    Block powers[kPowers];  // H^1..
  };
  static void expand(void* context, const uint8_t* key, size_t keyBytes) {
    auto& gcm = *static_cast<Context*>(context);
    Isa::expand(gcm.aes, key, keyBytes);
    Block h[1] = {Isa::zero()};
    Isa::template encrypt<1>(gcm.aes, h);
    gcm.powers[0] = Isa::hashKey(Isa::reverse(h[0]));
    for (int i = 1; i < kPowers; i++) {
      gcm.powers[i] = Isa::reduce(Isa::product(gcm.powers[i - 1], gcm.powers[0]));
    }
  }

  // y = (y + x[0]) H^n + x[1] H^(n-1) + ... + x[n-1] H
  static __attribute__((noinline)) Block absorb(const Context& gcm, Block y, Block* x, int n) {
    x[0] = Isa::add(x[0], y);
    if constexpr (requires { Isa::kSums; }) {
      return Isa::reduce(Isa::sum(x, gcm.powers, n));
    } else {
      auto sum = Isa::product(x[0], gcm.powers[n - 1]);
      for (int i = 1; i < n; i++) Isa::accumulate(sum, x[i], gcm.powers[n - 1 - i]);
      return Isa::reduce(sum);
    }
  }

  // An aad of any length; leaves its end to the caller, who hashes it with what follows.
  static Block absorbAad(const Context& gcm, const uint8_t* p, size_t bytes, Block* x, int& count) {
    Block y = Isa::zero();
    count = 0;
    if constexpr (requires { Isa::gcmHash(gcm.powers, y, p, bytes); }) {
      if (bytes >= 16 * kWide) Isa::gcmHash(gcm.powers, y, p, bytes);
    }
    for (; bytes > 0;) {
      if (count == kWide) {
        y = absorb(gcm, y, x, count);
        count = 0;
      }
      const size_t n = bytes < 16 ? bytes : 16;
      x[count++] = Isa::reverse(n == 16 ? Isa::load(p) : Isa::loadPart(p, n));
      p += n;
      bytes -= n;
    }
    if (count > 1) {
      y = absorb(gcm, y, x, count);
      count = 0;
    }
    return y;
  }
  static Block lengths(size_t aadBytes, size_t textBytes) {
    return Isa::pair(uint64_t(aadBytes) * 8, uint64_t(textBytes) * 8);
  }

  // Less than nine blocks of text by their keystream, and to what is to be hashed.
  template <bool kOpen>
  static inline void apply(uint8_t* text, size_t bytes, const Block* s, Block* x, int& count) {
    for (; bytes >= 16; text += 16, bytes -= 16) {
      const Block in = Isa::load(text), out = Isa::add(in, *s++);
      Isa::store(text, out);
      x[count++] = Isa::reverse(kOpen ? in : out);
    }
    if (bytes == 0) return;
    const Block in = Isa::loadPart(text, bytes), out = Isa::firstBytes(Isa::add(in, *s), bytes);
    Isa::storePart(text, out, bytes);
    x[count++] = Isa::reverse(kOpen ? in : out);
  }

  template <bool kOpen>
  static void run(const void* context, const AeadText& m, uint8_t tag[16]) {
    const auto& gcm = *static_cast<const Context*>(context);
    Block x[kPowers], s[kWide + 1];
    int count;
    Block y = absorbAad(gcm, m.aad, m.aadBytes, x, count);
    Block counter = Isa::increment(Isa::reverse(Isa::loadPart(m.nonce, 12)));
    const Block j0 = Isa::reverse(counter);
    counter = Isa::increment(counter);

    uint8_t* text = m.text;
    size_t bytes = m.textBytes;
    if (bytes >= 16 * kWide) {
      if (count > 0) y = absorb(gcm, y, x, count);
      count = 0;
      groups<kOpen>(gcm, counter, y, text, bytes);
    }
    // Fewer than eight blocks are left, or eight with the last one short; the tag's mask takes the first place.
    s[0] = j0;
    for (int i = 1; i < kWide; i++) {
      s[i] = Isa::reverse(counter);
      counter = Isa::increment(counter);
    }
    Isa::template encrypt<kWide>(gcm.aes, s);
    if (bytes > 16 * (kWide - 1)) {
      s[kWide] = Isa::reverse(counter);
      Isa::template encrypt<1>(gcm.aes, s + kWide);
    }
    apply<kOpen>(text, bytes, s + 1, x, count);
    x[count++] = lengths(m.aadBytes, m.textBytes);
    y = absorb(gcm, y, x, count);
    Isa::store(tag, Isa::add(Isa::reverse(y), s[0]));
  }
  // The ciphertext of one group is hashed under the encryption of the next, where the CPU has room for it.
  template <bool kOpen>
  static inline void groups(const Context& gcm, Block& counter, Block& y, uint8_t*& text, size_t& bytes) {
    if constexpr (requires { Isa::template gcmGroups<kOpen>; }) {
      Isa::template gcmGroups<kOpen>(gcm.aes, gcm.powers, counter, y, text, bytes);
    } else {
      Block x[kWide], s[kWide];
      bool pending = false;
      for (; bytes >= 16 * kWide; text += 16 * kWide, bytes -= 16 * kWide) {
        AesModes<Isa>::counters(s, counter);
        if (kOpen) {
          for (int i = 0; i < kWide; i++) x[i] = Isa::reverse(Isa::load(text + 16 * i));
        }
        Isa::template encrypt<kWide>(gcm.aes, s);
        if (kOpen || pending) y = absorb(gcm, y, x, kWide);
        for (int i = 0; i < kWide; i++) {
          const Block out = Isa::add(Isa::load(text + 16 * i), s[i]);
          Isa::store(text + 16 * i, out);
          if (!kOpen) x[i] = Isa::reverse(out);
        }
        pending = !kOpen;
      }
      if (pending) y = absorb(gcm, y, x, kWide);
    }
  }
  static void seal(const void* context, const AeadText& m, uint8_t tag[16]) { run<false>(context, m, tag); }
  static void open(const void* context, const AeadText& m, uint8_t tag[16]) { run<true>(context, m, tag); }

  // RFC 4106 5: SPI | sequence number, or SPI | high half | sequence number.
  static size_t aadOf(const AeadJob& j, uint8_t aad[16]) {
    const uint32_t high = __builtin_bswap32(j.sequenceHigh);
    __builtin_memset(aad, 0, 16);
    __builtin_memcpy(aad, j.packet, 8);
    if (!j.esn) return 8;
    __builtin_memcpy(aad + 4, &high, 4);
    __builtin_memcpy(aad + 8, j.packet + 4, 4);
    return 12;
  }
  // Seals or checks, in constant time; a forgery's text is zeroed.
  template <bool kOpen>
  static void end(AeadJob& j, const uint8_t tag[16]) {
    uint8_t* const text = j.packet + kAeadJobHeader;
    uint8_t* const icv = text + j.textBytes;
    if (!kOpen) {
      __builtin_memcpy(icv, tag, 8);
      if (j.icvBytes > 8) __builtin_memcpy(icv + j.icvBytes - 4, tag + j.icvBytes - 4, 4);
      if (j.icvBytes > 12) __builtin_memcpy(icv + 8, tag + 8, 4);
      return;
    }
    uint8_t difference = 0;
    for (size_t i = 0; i < j.icvBytes; i++) difference |= tag[i] ^ icv[i];
    __asm__("" : "+r"(difference));
    j.ok = difference == 0;
#ifdef RP_MEMCHECK
    VALGRIND_MAKE_MEM_DEFINED(&j.ok, sizeof j.ok);
#endif
    if (!j.ok) __builtin_memset(text, 0, j.textBytes);
  }

  // Packets of which no more than seven blocks are text, of keys of one length: the blocks of all of them, eight at a
  // time, then each packet's hash.
  static constexpr size_t kShort = 16 * (kWide - 1), kTogether = 16;
  template <bool kOpen>
  static void shortPackets(AeadJob* const* jobs, size_t count) {
    Block s[kTogether * kWide];
    const Key* keys[kTogether * kWide];
    size_t first[kTogether], blocks = 0;
    const Key* const one = &static_cast<const Context*>(jobs[0]->context)->aes;
    bool oneKey = true;
    for (size_t i = 0; i < count; i++) {
      const AeadJob& j = *jobs[i];
      const Key* const key = &static_cast<const Context*>(j.context)->aes;
      oneKey &= key == one;
      uint8_t block[16];
      const uint32_t number = __builtin_bswap32(1);
      __builtin_memcpy(block, &j.salt, 4);
      __builtin_memcpy(block + 4, j.packet + 8, 8);
      __builtin_memcpy(block + 12, &number, 4);
      Block counter = Isa::reverse(Isa::load(block));
      first[i] = blocks;
      for (size_t b = 0; b <= (j.textBytes + 15) / 16; b++) {
        keys[blocks] = key;
        s[blocks++] = Isa::reverse(counter);
        counter = Isa::increment(counter);
      }
    }
    for (; blocks % kWide != 0; blocks++) {
      keys[blocks] = one;
      s[blocks] = Isa::zero();
    }
    for (size_t at = 0; at < blocks; at += kWide) {
      if (oneKey) {
        Isa::template encrypt<kWide>(*one, s + at);
      } else {
        Isa::template encryptEach<kWide>(keys + at, s + at);
      }
    }
    for (size_t i = 0; i < count; i++) {
      AeadJob& j = *jobs[i];
      const auto& gcm = *static_cast<const Context*>(j.context);
      uint8_t aad[16], tag[16];
      const size_t aadBytes = aadOf(j, aad);
      Block x[kPowers];
      x[0] = Isa::reverse(Isa::load(aad));
      int n = 1;
      apply<kOpen>(j.packet + kAeadJobHeader, j.textBytes, s + first[i] + 1, x, n);
      x[n++] = lengths(aadBytes, j.textBytes);
      Isa::store(tag, Isa::add(Isa::reverse(absorb(gcm, Isa::zero(), x, n)), s[first[i]]));
      end<kOpen>(j, tag);
    }
  }
  template <bool kOpen>
  static void longPacket(AeadJob& j) {
    uint8_t aad[16], tag[16];
    AeadText m = {aad, aadOf(j, aad), {}, j.packet + kAeadJobHeader, j.textBytes};
    __builtin_memcpy(m.nonce, &j.salt, 4);
    __builtin_memcpy(m.nonce + 4, j.packet + 8, 8);
    run<kOpen>(j.context, m, tag);
    end<kOpen>(j, tag);
  }
  template <bool kOpen>
  static void many(AeadJob* jobs, size_t count) {
    AeadJob* together[kTogether];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
      AeadJob& j = jobs[i];
      if (j.textBytes > kShort) {
        longPacket<kOpen>(j);
        continue;
      }
      const auto roundsOf = [](const AeadJob& job) { return static_cast<const Context*>(job.context)->aes.count; };
      if (n == kTogether || (n > 0 && roundsOf(j) != roundsOf(*together[0]))) {
        shortPackets<kOpen>(together, n);
        n = 0;
      }
      together[n++] = &j;
    }
    if (n > 0) shortPackets<kOpen>(together, n);
  }

  static constexpr AeadKernel kKernel = {sizeof(Context), expand, seal, open, many<false>, many<true>};
};

}  // namespace
}  // namespace rp::crypto
