// Camellia-CBC (RFC 4312) and Camellia-CTR (RFC 5529) for CPUs without GFNI. Its 16 KB of tables are looked up by key
// and data, so the time depends on both where other work disturbs the cache.
#include "crypto/camellia.h"

#include <array>

#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/block_modes.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

// SBOX1 by its definition (K. Aoki et al., "Specification of Camellia", 2001, 4.4): h(g(f(x + c5))) + 6e, where g is
// the inversion in GF(2^8) over GF(2^4). Bits count from 1, the most significant.
constexpr unsigned bit(unsigned x, int i) { return x >> (8 - i) & 1; }

constexpr unsigned multiply(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) product ^= a;
    a <<= 1;
    if (a & 0x100) a ^= 0x169;
  }
  return product;
}
// Sum of the basis elements 1, a, a^2, a^3, b, ab, a^2 b, a^3 b, of which bit 8, 7, ... , 1 says whether they are in
// it; b is 2 in polynomial form and a is b^238.
constexpr unsigned fromBasis(unsigned x) {
  unsigned power = 1, sum = 0;
  for (int i = 0; i < 4; i++) {
    if (bit(x, 8 - i)) sum ^= power;
    if (bit(x, 4 - i)) sum ^= multiply(power, 2);
    power = multiply(power, 0x6c);
  }
  return sum;
}

constexpr auto kSbox1 = [] {
  constexpr int kF[8][3] = {{6, 2, 0}, {7, 1, 0}, {8, 5, 3}, {8, 3, 0}, {7, 4, 0}, {5, 2, 0}, {8, 1, 0}, {6, 4, 0}};
  constexpr int kH[8][3] = {{5, 6, 2}, {6, 2, 0}, {7, 4, 0}, {8, 2, 0}, {7, 3, 0}, {8, 1, 0}, {5, 1, 0}, {6, 3, 0}};
  const auto linear = [](const int rows[8][3], unsigned x) {
    unsigned y = 0;
    for (int i = 0; i < 8; i++) {
      unsigned sum = 0;
      for (int j = 0; j < 3; j++) sum ^= rows[i][j] != 0 ? bit(x, rows[i][j]) : 0;
      y = y << 1 | sum;
    }
    return y;
  };
  std::array<uint8_t, 256> toBasis{}, s{};
  for (unsigned x = 0; x < 256; x++) toBasis[fromBasis(x)] = uint8_t(x);
  for (unsigned x = 0; x < 256; x++) {
    const unsigned a = fromBasis(linear(kF, x ^ 0xc5));
    // The power 254 of it.
    unsigned inverse = 1;
    for (int i = 0; i < 7; i++) inverse = multiply(multiply(inverse, inverse), a);
    inverse = multiply(inverse, inverse);
    s[x] = uint8_t(linear(kH, toBasis[inverse]) ^ 0x6e);
  }
  return s;
}();

constexpr uint8_t rotate(uint8_t x, int n) { return uint8_t(x << n | x >> (8 - n)); }

constexpr uint8_t sbox(int number, uint8_t x) {
  switch (number) {
    case 1:
      return kSbox1[x];
    case 2:
      return rotate(kSbox1[x], 1);
    case 3:
      return rotate(kSbox1[x], 7);
    default:
      return kSbox1[rotate(x, 1)];
  }
}

// F's S-boxes and its P in one: byte t_i adds to those y of which P's row has it (RFC 3713 2.4.1).
constexpr auto kSp = [] {
  constexpr int kNumber[8] = {1, 2, 3, 4, 2, 3, 4, 1};
  constexpr const char* kRows[8] = {"134678", "124578", "123568", "234567", "12678", "23578", "34568", "14567"};
  std::array<std::array<uint64_t, 256>, 8> sp{};
  for (int t = 0; t < 8; t++) {
    for (unsigned x = 0; x < 256; x++) {
      const uint64_t s = sbox(kNumber[t], uint8_t(x));
      for (int y = 0; y < 8; y++) {
        for (const char* c = kRows[y]; *c != 0; c++) {
          if (*c - '1' == t) sp[t][x] |= s << (56 - 8 * y);
        }
      }
    }
  }
  return sp;
}();

inline uint64_t f(uint64_t in, uint64_t key) {
  const uint64_t x = in ^ key;
  return kSp[0][x >> 56] ^ kSp[1][x >> 48 & 255] ^ kSp[2][x >> 40 & 255] ^ kSp[3][x >> 32 & 255] ^
         kSp[4][x >> 24 & 255] ^ kSp[5][x >> 16 & 255] ^ kSp[6][x >> 8 & 255] ^ kSp[7][x & 255];
}
inline uint32_t rotateLeft1(uint32_t x) { return x << 1 | x >> 31; }
inline uint64_t fl(uint64_t in, uint64_t key) {
  uint32_t x1 = uint32_t(in >> 32), x2 = uint32_t(in);
  x2 ^= rotateLeft1(x1 & uint32_t(key >> 32));
  x1 ^= x2 | uint32_t(key);
  return uint64_t(x1) << 32 | x2;
}
inline uint64_t flInverse(uint64_t in, uint64_t key) {
  uint32_t y1 = uint32_t(in >> 32), y2 = uint32_t(in);
  y1 ^= y2 | uint32_t(key);
  y2 ^= rotateLeft1(y1 & uint32_t(key >> 32));
  return uint64_t(y1) << 32 | y2;
}

struct Camellia {
  static constexpr size_t kBlock = 16;
  using Context = CamelliaKey;

  template <int n, bool kDecrypt>
  static inline void run(const Context* const* keys, Block<16>* x) {
    const CamelliaSchedule* key[n];
    uint64_t d1[n], d2[n];
    uint32_t most = 0;
    for (int i = 0; i < n; i++) {
      key[i] = kDecrypt ? &keys[i]->decrypt : &keys[i]->encrypt;
      if (keys[i]->rounds > most) most = keys[i]->rounds;
      d1[i] = __builtin_bswap64(x[i].w[0]) ^ key[i]->kw[0];
      d2[i] = __builtin_bswap64(x[i].w[1]) ^ key[i]->kw[1];
    }
    for (uint32_t round = 0;; round += 6) {
      for (uint32_t k = round; k < round + 6; k += 2) {
        for (int i = 0; i < n; i++) d2[i] ^= f(d1[i], key[i]->k[k]);
        for (int i = 0; i < n; i++) d1[i] ^= f(d2[i], key[i]->k[k + 1]);
      }
      const bool last = round + 6 >= most;
      for (int i = 0; i < n; i++) {
        // Messages of several key sizes side by side: who is through is put down now.
        if (keys[i]->rounds == round + 6) {
          x[i].w[0] = __builtin_bswap64(d2[i] ^ key[i]->kw[2]);
          x[i].w[1] = __builtin_bswap64(d1[i] ^ key[i]->kw[3]);
        }
        if (last) continue;
        d1[i] = fl(d1[i], key[i]->ke[round / 3]);
        d2[i] = flInverse(d2[i], key[i]->ke[round / 3 + 1]);
      }
      if (last) return;
    }
  }
  template <int n>
  static inline void encrypt(const Context* const* keys, Block<16>* x) {
    run<n, false>(keys, x);
  }
  template <int n>
  static inline void decrypt(const Context* const* keys, Block<16>* x) {
    run<n, true>(keys, x);
  }
};

struct Wide {
  uint64_t high, low;
  Wide rotated(int n) const {
    if (n >= 64) return Wide{low, high}.rotated(n - 64);
    if (n == 0) return *this;
    return {high << n | low >> (64 - n), low << n | high >> (64 - n)};
  }
};

using Modes = BlockModes<Camellia, 2>;

}  // namespace

// RFC 3713 2.2.
void camelliaExpand(void* context, const uint8_t* key, size_t keyBytes) {
  auto& c = *static_cast<CamelliaKey*>(context);
  constexpr uint64_t kSigma[6] = {0xa09e667f3bcc908b, 0xb67ae8584caa73b2, 0xc6ef372fe94f82be,
                                  0x54ff53a5f1d36f1c, 0x10e527fade682d1d, 0xb05688c2b3e6c1fd};
  struct Words {
    Wide kl, kr, ka, kb;
  } w = {};
  w.kl = {loadBe64(key), loadBe64(key + 8)};
  if (keyBytes > 16) w.kr.high = loadBe64(key + 16);
  if (keyBytes > 16) w.kr.low = keyBytes == 24 ? ~w.kr.high : loadBe64(key + 24);
  uint64_t d1 = w.kl.high ^ w.kr.high, d2 = w.kl.low ^ w.kr.low;
  d2 ^= f(d1, kSigma[0]);
  d1 ^= f(d2, kSigma[1]);
  d1 ^= w.kl.high;
  d2 ^= w.kl.low;
  d2 ^= f(d1, kSigma[2]);
  d1 ^= f(d2, kSigma[3]);
  w.ka = {d1, d2};
  d1 ^= w.kr.high;
  d2 ^= w.kr.low;
  d2 ^= f(d1, kSigma[4]);
  d1 ^= f(d2, kSigma[5]);
  w.kb = {d1, d2};

  CamelliaSchedule& e = c.encrypt;
  const auto put = [](uint64_t* to, const Wide& word, int rotation) {
    const Wide r = word.rotated(rotation);
    to[0] = r.high;
    to[1] = r.low;
  };
  put(e.kw, w.kl, 0);
  if (keyBytes == 16) {
    c.rounds = 18;
    put(e.k, w.ka, 0);
    put(e.k + 2, w.kl, 15);
    put(e.k + 4, w.ka, 15);
    put(e.ke, w.ka, 30);
    put(e.k + 6, w.kl, 45);
    e.k[8] = w.ka.rotated(45).high;
    e.k[9] = w.kl.rotated(60).low;
    put(e.k + 10, w.ka, 60);
    put(e.ke + 2, w.kl, 77);
    put(e.k + 12, w.kl, 94);
    put(e.k + 14, w.ka, 94);
    put(e.k + 16, w.kl, 111);
    put(e.kw + 2, w.ka, 111);
  } else {
    c.rounds = 24;
    put(e.k, w.kb, 0);
    put(e.k + 2, w.kr, 15);
    put(e.k + 4, w.ka, 15);
    put(e.ke, w.kr, 30);
    put(e.k + 6, w.kb, 30);
    put(e.k + 8, w.kl, 45);
    put(e.k + 10, w.ka, 45);
    put(e.ke + 2, w.kl, 60);
    put(e.k + 12, w.kr, 60);
    put(e.k + 14, w.kb, 60);
    put(e.k + 16, w.kl, 77);
    put(e.ke + 4, w.ka, 77);
    put(e.k + 18, w.kr, 94);
    put(e.k + 20, w.ka, 94);
    put(e.k + 22, w.kl, 111);
    put(e.kw + 2, w.kb, 111);
  }
  CamelliaSchedule& d = c.decrypt;
  for (int i = 0; i < 4; i++) d.kw[i] = e.kw[i ^ 2];
  for (uint32_t i = 0; i < c.rounds; i++) d.k[i] = e.k[c.rounds - 1 - i];
  const uint32_t layers = c.rounds / 3 - 2;
  for (uint32_t i = 0; i < layers; i++) d.ke[i] = e.ke[layers - 1 - i];
  wipe(&w, sizeof w);
  wipe(&d1, sizeof d1);
  wipe(&d2, sizeof d2);
}

const CipherKernel kPortableCamelliaCbc = {sizeof(CamelliaKey), camelliaExpand, Modes::cbcEncrypt, Modes::cbcDecrypt,
                                           Modes::cbcEncryptMany};
const CipherKernel kPortableCamelliaCtr = {sizeof(CamelliaKey), camelliaExpand, Modes::ctr, Modes::ctr};

}  // namespace rp::crypto
