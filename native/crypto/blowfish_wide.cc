// Blowfish with VBMI, for 64 blocks under one key: each byte of an S-box's words is a table of 256 bytes, which is
// looked up in registers that were loaded whole, so that nothing of the data shows in the cache.
#include "crypto/blowfish.h"
#include "crypto/lanes512.h"
#include "crypto/portable.h"
#include "crypto/wide_ciphers.h"

namespace rp::crypto {
namespace {

struct Blowfish {
  static constexpr size_t kBlock = 8;
  using Context = BlowfishKey;
  static const CipherKernel& few() { return kPortableBlowfishCbc; }

  struct Schedule {
    const BlowfishKey* key;
    bool decrypt;

    inline bool prepare(const Context* const keys[kLanes], bool backwards) {
      key = keys[0];
      decrypt = backwards;
      for (size_t i = 1; i < kLanes; i++) {
        if (keys[i] != key) return false;
      }
      return true;
    }
    inline void wipe() {}
  };

  // The four bytes of S-box `box`'s word, the most significant first.
  static inline void lookUp(const BlowfishKey& key, int box, V x, V out[4]) {
    for (int j = 0; j < 4; j++) out[j] = Table256(key.planes[box][j]).at(x);
  }
  static inline V byteOf(uint32_t word, int j) { return _mm512_set1_epi8(char(word >> (24 - 8 * j))); }

  // r ^= F(l ^= p)
  static inline void round(const BlowfishKey& key, uint32_t p, V l[4], V r[4]) {
    V a[4], b[4];
    for (int j = 0; j < 4; j++) l[j] = xor2(l[j], byteOf(p, j));
    lookUp(key, 0, l[0], a);
    lookUp(key, 1, l[1], b);
    add32(a, a, b);
    lookUp(key, 2, l[2], b);
    for (int j = 0; j < 4; j++) a[j] = xor2(a[j], b[j]);
    lookUp(key, 3, l[3], b);
    add32(a, a, b);
    for (int j = 0; j < 4; j++) r[j] = xor2(r[j], a[j]);
  }

  static void crypt(const Schedule& s, uint8_t* blocks) {
    const BlowfishKey& key = *s.key;
    V x[8];
    for (int i = 0; i < 8; i++) x[i] = transposeBytes8(loadV(blocks + 64 * i));
    transposeWords8(x);
    V* l = x;
    V* r = x + 4;
    for (int i = 0; i < 16; i += 2) {
      round(key, key.p[s.decrypt ? 17 - i : i], l, r);
      round(key, key.p[s.decrypt ? 16 - i : i + 1], r, l);
    }
    for (int j = 0; j < 4; j++) {
      const V t = xor2(l[j], byteOf(key.p[s.decrypt ? 1 : 16], j));
      l[j] = xor2(r[j], byteOf(key.p[s.decrypt ? 0 : 17], j));
      r[j] = t;
    }
    transposeWords8(x);
    for (int i = 0; i < 8; i++) storeV(blocks + 64 * i, transposeBytes8(x[i]));
  }
};

using Modes = Lanes512<Blowfish, 16>;

void encrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  kPortableBlowfishCbc.encrypt(context, iv, text, bytes);
}

}  // namespace

const CipherKernel kWideBlowfishCbc = {sizeof(BlowfishKey), blowfishExpand,     encrypt,
                                       Modes::decrypt,      Modes::encryptMany, Modes::decryptMany};

}  // namespace rp::crypto
