// Twofish-CBC with full keying: S-boxes that depend on the key, looked up by the data, so the time depends on both
// where other work disturbs the cache.
#include "crypto/twofish.h"

#include <array>

#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/block_modes.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

// 4.3.5: each of q0 and q1 from four permutations of 4 bits.
constexpr uint8_t kT[2][4][16] = {{{0x8, 0x1, 0x7, 0xd, 0x6, 0xf, 0x3, 0x2, 0x0, 0xb, 0x5, 0x9, 0xe, 0xc, 0xa, 0x4},
                                   {0xe, 0xc, 0xb, 0x8, 0x1, 0x2, 0x3, 0x5, 0xf, 0x4, 0xa, 0x6, 0x7, 0x0, 0x9, 0xd},
                                   {0xb, 0xa, 0x5, 0xe, 0x6, 0xd, 0x9, 0x0, 0xc, 0x8, 0xf, 0x3, 0x2, 0x4, 0x7, 0x1},
                                   {0xd, 0x7, 0xf, 0x4, 0x1, 0x2, 0x6, 0xe, 0x9, 0xb, 0x3, 0x0, 0x8, 0x5, 0xc, 0xa}},
                                  {{0x2, 0x8, 0xb, 0xd, 0xf, 0x7, 0x6, 0xe, 0x3, 0x1, 0x9, 0x4, 0x0, 0xa, 0xc, 0x5},
                                   {0x1, 0xe, 0x2, 0xb, 0x4, 0xc, 0x3, 0x7, 0x6, 0xd, 0xa, 0x5, 0xf, 0x9, 0x0, 0x8},
                                   {0x4, 0xc, 0x7, 0x5, 0x1, 0x6, 0x9, 0xa, 0x0, 0xe, 0xd, 0x8, 0x2, 0xb, 0x3, 0xf},
                                   {0xb, 0x9, 0x5, 0x1, 0xc, 0x3, 0xd, 0xe, 0x6, 0x4, 0x7, 0xf, 0x2, 0x0, 0x8, 0xa}}};

constexpr auto kQ = [] {
  std::array<std::array<uint8_t, 256>, 2> q{};
  for (unsigned n = 0; n < 2; n++) {
    for (unsigned x = 0; x < 256; x++) {
      unsigned a = x >> 4, b = x & 15;
      for (unsigned step = 0; step < 4; step += 2) {
        const unsigned mixed = a ^ ((b >> 1 | b << 3) & 15) ^ (a << 3 & 15);
        a = kT[n][step][a ^ b];
        b = kT[n][step + 1][mixed];
      }
      q[n][x] = uint8_t(b << 4 | a);
    }
  }
  return q;
}();

constexpr uint8_t multiply(unsigned a, unsigned b, unsigned polynomial) {
  unsigned product = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) product ^= a;
    a <<= 1;
    if (a & 0x100) a ^= polynomial;
  }
  return uint8_t(product);
}

constexpr uint8_t kMds[4][4] = {
    {0x01, 0xef, 0x5b, 0x5b}, {0x5b, 0xef, 0xef, 0x01}, {0xef, 0x5b, 0x01, 0xef}, {0xef, 0x01, 0xef, 0x5b}};
constexpr uint8_t kRs[4][8] = {{0x01, 0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e},
                               {0xa4, 0x56, 0x82, 0xf3, 0x1e, 0xc6, 0x68, 0xe5},
                               {0x02, 0xa1, 0xfc, 0xc1, 0x47, 0xae, 0x3d, 0x19},
                               {0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e, 0x03}};

constexpr auto kMdsColumns = [] {
  std::array<std::array<uint32_t, 256>, 4> columns{};
  for (unsigned j = 0; j < 4; j++) {
    for (unsigned x = 0; x < 256; x++) {
      for (unsigned i = 0; i < 4; i++) columns[j][x] |= uint32_t(multiply(kMds[i][j], x, 0x169)) << 8 * i;
    }
  }
  return columns;
}();

// Which q each byte passes, outermost first, in the function h (4.3.5, figure 2).
constexpr uint8_t kOrder[5][4] = {{1, 0, 1, 0}, {0, 0, 1, 1}, {0, 1, 0, 1}, {1, 1, 0, 0}, {1, 0, 0, 1}};

// Byte j of h before the MDS matrix; `l` has `count` words.
uint8_t hByte(int j, uint8_t x, const uint8_t (*l)[4], int count) {
  for (int i = count; i > 0; i--) x = kQ[kOrder[i][j]][x] ^ l[i - 1][j];
  return kQ[kOrder[0][j]][x];
}
uint32_t h(uint8_t x, const uint8_t (*l)[4], int count) {
  uint32_t sum = 0;
  for (int j = 0; j < 4; j++) sum ^= kMdsColumns[j][hByte(j, x, l, count)];
  return sum;
}

inline uint32_t rotateLeft(uint32_t x, int n) { return x << n | x >> (32 - n); }

struct Twofish {
  static constexpr size_t kBlock = 16;
  using Context = TwofishKey;

  static inline uint32_t g(const TwofishKey& key, uint32_t x) {
    return key.g[0][x & 255] ^ key.g[1][x >> 8 & 255] ^ key.g[2][x >> 16 & 255] ^ key.g[3][x >> 24];
  }
  // g of the word turned left by 8.
  static inline uint32_t g8(const TwofishKey& key, uint32_t x) {
    return key.g[0][x >> 24] ^ key.g[1][x & 255] ^ key.g[2][x >> 8 & 255] ^ key.g[3][x >> 16 & 255];
  }
  template <int n>
  static inline void encrypt(const Context* const* keys, Block<16>* x) {
    uint32_t r[4][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < 4; j++) r[j][i] = uint32_t(x[i].w[j / 2] >> 32 * (j % 2)) ^ keys[i]->k[j];
    }
    for (int round = 0; round < 16; round += 2) {
      for (int half = 0; half < 2; half++) {
        for (int i = 0; i < n; i++) {
          const TwofishKey& key = *keys[i];
          const uint32_t t0 = g(key, r[2 * half][i]), t1 = g8(key, r[2 * half + 1][i]);
          uint32_t &c = r[2 - 2 * half][i], &d = r[3 - 2 * half][i];
          c = rotateLeft(c ^ (t0 + t1 + key.k[8 + 2 * (round + half)]), 31);
          d = rotateLeft(d, 1) ^ (t0 + 2 * t1 + key.k[9 + 2 * (round + half)]);
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < 2; j++) {
        const uint32_t low = r[(2 * j + 2) % 4][i] ^ keys[i]->k[4 + 2 * j];
        const uint32_t high = r[(2 * j + 3) % 4][i] ^ keys[i]->k[5 + 2 * j];
        x[i].w[j] = low | uint64_t(high) << 32;
      }
    }
  }
  template <int n>
  static inline void decrypt(const Context* const* keys, Block<16>* x) {
    uint32_t r[4][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < 4; j++) r[(j + 2) % 4][i] = uint32_t(x[i].w[j / 2] >> 32 * (j % 2)) ^ keys[i]->k[4 + j];
    }
    for (int round = 14; round >= 0; round -= 2) {
      for (int half = 1; half >= 0; half--) {
        for (int i = 0; i < n; i++) {
          const TwofishKey& key = *keys[i];
          const uint32_t t0 = g(key, r[2 * half][i]), t1 = g8(key, r[2 * half + 1][i]);
          uint32_t &c = r[2 - 2 * half][i], &d = r[3 - 2 * half][i];
          c = rotateLeft(c, 1) ^ (t0 + t1 + key.k[8 + 2 * (round + half)]);
          d = rotateLeft(d ^ (t0 + 2 * t1 + key.k[9 + 2 * (round + half)]), 31);
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < 2; j++) {
        x[i].w[j] = (r[2 * j][i] ^ keys[i]->k[2 * j]) | uint64_t(r[2 * j + 1][i] ^ keys[i]->k[2 * j + 1]) << 32;
      }
    }
  }
};

using Modes = BlockModes<Twofish, 2>;

}  // namespace

void twofishExpand(void* context, const uint8_t* key, size_t keyBytes) {
  auto& t = *static_cast<TwofishKey*>(context);
  const int count = int(keyBytes / 8);
  uint8_t even[4][4], odd[4][4], s[4][4];
  for (int i = 0; i < count; i++) {
    std::memcpy(even[i], key + 8 * i, 4);
    std::memcpy(odd[i], key + 8 * i + 4, 4);
    // In reverse order (4.3).
    for (int row = 0; row < 4; row++) {
      uint8_t sum = 0;
      for (int j = 0; j < 8; j++) sum ^= multiply(kRs[row][j], key[8 * i + j], 0x14d);
      s[count - 1 - i][row] = sum;
    }
  }
  for (int i = 0; i < 20; i++) {
    const uint32_t a = h(uint8_t(2 * i), even, count), b = rotateLeft(h(uint8_t(2 * i + 1), odd, count), 8);
    t.k[2 * i] = a + b;
    t.k[2 * i + 1] = rotateLeft(a + 2 * b, 9);
  }
  for (int j = 0; j < 4; j++) {
    for (unsigned x = 0; x < 256; x++) {
      t.s[j][x] = hByte(j, uint8_t(x), s, count);
      t.g[j][x] = kMdsColumns[j][t.s[j][x]];
    }
  }
  wipe(even, sizeof even);
  wipe(odd, sizeof odd);
  wipe(s, sizeof s);
}

const CipherKernel kPortableTwofishCbc = {sizeof(TwofishKey), twofishExpand, Modes::cbcEncrypt, Modes::cbcDecrypt,
                                          Modes::cbcEncryptMany};

}  // namespace rp::crypto
