#include "crypto/des.h"

#include <array>

#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/block_modes.h"
#include "crypto/des_tables.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

// S-box and P in one, turned right by one bit as the halves are kept: so the six bits for each S-box are neighbours.
// These tables make the time depend on the key where the cache does not hold all of their 2 KB.
constexpr auto kSp = [] {
  std::array<std::array<uint32_t, 64>, 8> sp{};
  for (int box = 0; box < 8; box++) {
    for (unsigned six = 0; six < 64; six++) {
      const uint32_t s = uint32_t(desS(box, six)) << (28 - 4 * box);
      uint32_t p = 0;
      for (int i = 0; i < 32; i++) p |= (s >> (32 - kDesP[i]) & 1) << (31 - i);
      sp[box][six] = p >> 1 | p << 31;
    }
  }
  return sp;
}();

void swapBits(uint32_t& a, uint32_t& b, int shift, uint32_t mask) {
  const uint32_t t = ((a >> shift) ^ b) & mask;
  b ^= t;
  a ^= t << shift;
}
void initialPermutation(uint32_t& l, uint32_t& r) {
  swapBits(l, r, 4, 0x0f0f0f0f);
  swapBits(l, r, 16, 0x0000ffff);
  swapBits(r, l, 2, 0x33333333);
  swapBits(r, l, 8, 0x00ff00ff);
  swapBits(l, r, 1, 0x55555555);
}
void finalPermutation(uint32_t& l, uint32_t& r) {
  swapBits(l, r, 1, 0x55555555);
  swapBits(r, l, 8, 0x00ff00ff);
  swapBits(r, l, 2, 0x33333333);
  swapBits(l, r, 16, 0x0000ffff);
  swapBits(l, r, 4, 0x0f0f0f0f);
}

struct Des {
  static constexpr size_t kBlock = 8;
  using Context = DesKey;

  static inline uint32_t f(uint32_t r, const uint32_t key[2]) {
    const uint32_t odd = r ^ key[0], even = (r << 4 | r >> 28) ^ key[1];
    return kSp[0][odd >> 26] ^ kSp[2][odd >> 18 & 63] ^ kSp[4][odd >> 10 & 63] ^ kSp[6][odd >> 2 & 63] ^
           kSp[1][even >> 26] ^ kSp[3][even >> 18 & 63] ^ kSp[5][even >> 10 & 63] ^ kSp[7][even >> 2 & 63];
  }
  template <int n, bool kDecrypt>
  static inline void run(const Context* const* keys, Block<8>* x) {
    uint32_t l[n], r[n];
    for (int i = 0; i < n; i++) {
      l[i] = __builtin_bswap32(uint32_t(x[i].w[0]));
      r[i] = __builtin_bswap32(uint32_t(x[i].w[0] >> 32));
      initialPermutation(l[i], r[i]);
      l[i] = l[i] >> 1 | l[i] << 31;
      r[i] = r[i] >> 1 | r[i] << 31;
    }
    // All messages here are of one cipher, so the first says how many rounds. Between the three DES of 3DES the halves
    // change places and the permutations cancel.
    const uint32_t rounds = keys[0]->rounds;
    for (uint32_t round = 0; round < rounds; round += 16) {
      for (uint32_t k = round; k < round + 16; k += 2) {
        for (int i = 0; i < n; i++) l[i] ^= f(r[i], keys[i]->words[kDecrypt][k]);
        for (int i = 0; i < n; i++) r[i] ^= f(l[i], keys[i]->words[kDecrypt][k + 1]);
      }
      for (int i = 0; i < n; i++) {
        const uint32_t t = l[i];
        l[i] = r[i];
        r[i] = t;
      }
    }
    for (int i = 0; i < n; i++) {
      l[i] = l[i] << 1 | l[i] >> 31;
      r[i] = r[i] << 1 | r[i] >> 31;
      finalPermutation(l[i], r[i]);
      x[i].w[0] = __builtin_bswap32(l[i]) | uint64_t(__builtin_bswap32(r[i])) << 32;
    }
  }
  template <int n>
  static inline void encrypt(const Context* const* keys, Block<8>* x) {
    run<n, false>(keys, x);
  }
  template <int n>
  static inline void decrypt(const Context* const* keys, Block<8>* x) {
    run<n, true>(keys, x);
  }
};

void schedule(uint8_t sixes[16][8], const uint8_t key[8]) {
  const uint64_t bits = loadBe64(key);
  uint64_t cd = 0;
  for (const uint8_t from : kDesPc1) cd = cd << 1 | (bits >> (64 - from) & 1);
  uint32_t c = uint32_t(cd >> 28), d = uint32_t(cd & 0xfffffff);
  for (int round = 0; round < 16; round++) {
    const int s = kDesShifts[round];
    c = (c << s | c >> (28 - s)) & 0xfffffff;
    d = (d << s | d >> (28 - s)) & 0xfffffff;
    cd = uint64_t(c) << 28 | d;
    for (int box = 0; box < 8; box++) {
      unsigned six = 0;
      for (int i = 0; i < 6; i++) six = six << 1 | unsigned(cd >> (56 - kDesPc2[6 * box + i]) & 1);
      sixes[round][box] = uint8_t(six);
    }
  }
  wipe(&cd, sizeof cd);
}

using Modes = BlockModes<Des, 4>;

}  // namespace

void desExpand(void* context, const uint8_t* key, size_t keyBytes) {
  auto& k = *static_cast<DesKey*>(context);
  k.rounds = uint32_t(2 * keyBytes);
  uint8_t sixes[3][16][8];
  for (size_t i = 0; i < keyBytes / 8; i++) schedule(sixes[i], key + 8 * i);
  // EDE: the middle one runs backwards.
  for (uint32_t round = 0; round < k.rounds; round++) {
    const uint32_t stage = round / 16, at = stage == 1 ? 15 - round % 16 : round % 16;
    std::memcpy(k.encrypt[round], sixes[stage][at], 8);
  }
  for (uint32_t round = 0; round < k.rounds; round++) {
    std::memcpy(k.decrypt[round], k.encrypt[k.rounds - 1 - round], 8);
  }
  wipe(sixes, sizeof sixes);
  for (int way = 0; way < 2; way++) {
    for (uint32_t r = 0; r < k.rounds; r++) {
      const uint8_t* six = way == 0 ? k.encrypt[r] : k.decrypt[r];
      for (int odd = 0; odd < 2; odd++) {
        uint32_t word = 0;
        for (int i = 0; i < 4; i++) word |= uint32_t(six[2 * i + odd]) << (26 - 8 * i);
        k.words[way][r][odd] = word;
      }
    }
  }
}

bool desWeak(const uint8_t* key, size_t keyBytes) {
  constexpr uint64_t kParity = 0x0101010101010101;
  if (keyBytes == 24) {
    const uint64_t k1 = loadBe64(key) | kParity, k2 = loadBe64(key + 8) | kParity, k3 = loadBe64(key + 16) | kParity;
    return k1 == k2 || k2 == k3;
  }
  // A key is weak or semi-weak if each half of its schedule repeats with period 1 or 2.
  const uint64_t bits = loadBe64(key);
  uint64_t cd = 0;
  for (const uint8_t from : kDesPc1) cd = cd << 1 | (bits >> (64 - from) & 1);
  const auto periodic = [](uint64_t half) {
    return half == 0 || half == 0xfffffff || half == 0x5555555 || half == 0xaaaaaaa;
  };
  return periodic(cd >> 28) && periodic(cd & 0xfffffff);
}

const CipherKernel kPortableDesCbc = {sizeof(DesKey), desExpand, Modes::cbcEncrypt, Modes::cbcDecrypt,
                                      Modes::cbcEncryptMany};

}  // namespace rp::crypto
