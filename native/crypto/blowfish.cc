// Blowfish-CBC (RFC 2451). The S-boxes are tables that depend on the key and are looked up by the data, so the time
// depends on both where other work disturbs the cache; the cipher has no other form on plain registers.
#include "crypto/blowfish.h"

#include <cstring>

#include "base/bytes.h"
#include "crypto/block_modes.h"
#include "crypto/blowfish_pi.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

struct Blowfish {
  static constexpr size_t kBlock = 8;
  using Context = BlowfishKey;

  static inline uint32_t f(const BlowfishKey& key, uint32_t x) {
    return ((key.s[0][x >> 24] + key.s[1][x >> 16 & 255]) ^ key.s[2][x >> 8 & 255]) + key.s[3][x & 255];
  }
  template <int n, bool kDecrypt>
  static inline void run(const Context* const* keys, Block<8>* x) {
    uint32_t l[n], r[n];
    for (int i = 0; i < n; i++) {
      l[i] = __builtin_bswap32(uint32_t(x[i].w[0])) ^ keys[i]->p[kDecrypt ? 17 : 0];
      r[i] = __builtin_bswap32(uint32_t(x[i].w[0] >> 32));
    }
    for (int round = 1; round <= 16; round += 2) {
      const int a = kDecrypt ? 17 - round : round, b = kDecrypt ? 16 - round : round + 1;
      for (int i = 0; i < n; i++) r[i] ^= f(*keys[i], l[i]) ^ keys[i]->p[a];
      for (int i = 0; i < n; i++) l[i] ^= f(*keys[i], r[i]) ^ keys[i]->p[b];
    }
    for (int i = 0; i < n; i++) {
      r[i] ^= keys[i]->p[kDecrypt ? 0 : 17];
      x[i].w[0] = __builtin_bswap32(r[i]) | uint64_t(__builtin_bswap32(l[i])) << 32;
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

using Modes = BlockModes<Blowfish, 4>;

}  // namespace

void blowfishExpand(void* context, const uint8_t* key, size_t keyBytes) {
  auto& k = *static_cast<BlowfishKey*>(context);
  std::memcpy(k.p, kPi, sizeof k.p);
  std::memcpy(k.s, kPi + 18, sizeof k.s);
  size_t at = 0;
  for (auto& p : k.p) {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) {
      word = word << 8 | key[at];
      at = at + 1 == keyBytes ? 0 : at + 1;
    }
    p ^= word;
  }
  const BlowfishKey* const keys[1] = {&k};
  Block<8> x[1] = {};
  const auto fill = [&](uint32_t* words, size_t count) {
    for (size_t i = 0; i < count; i += 2) {
      Blowfish::encrypt<1>(keys, x);
      words[i] = __builtin_bswap32(uint32_t(x[0].w[0]));
      words[i + 1] = __builtin_bswap32(uint32_t(x[0].w[0] >> 32));
    }
  };
  fill(k.p, 18);
  for (auto& s : k.s) fill(s, 256);
  for (int box = 0; box < 4; box++) {
    for (int j = 0; j < 4; j++) {
      for (int i = 0; i < 256; i++) k.planes[box][j][i] = uint8_t(k.s[box][i] >> (24 - 8 * j));
    }
  }
}

const CipherKernel kPortableBlowfishCbc = {sizeof(BlowfishKey), blowfishExpand, Modes::cbcEncrypt, Modes::cbcDecrypt,
                                           Modes::cbcEncryptMany};

}  // namespace rp::crypto
