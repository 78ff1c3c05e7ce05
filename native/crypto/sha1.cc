// SHA-1 (FIPS 180-4 6.1), for HMAC-SHA1-96 (RFC 2404).
#include "base/bytes.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

constexpr uint32_t kInitial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

uint32_t turn(uint32_t x, int n) { return x << n | x >> (32 - n); }

void compress(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  for (; blocks > 0; blocks--, data += 64) {
    uint32_t w[16], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++) w[i] = loadBe32(data + 4 * i);
#pragma GCC unroll 80
    for (int i = 0; i < 80; i++) {
      if (i >= 16) w[i & 15] = turn(w[(i - 3) & 15] ^ w[(i - 8) & 15] ^ w[(i - 14) & 15] ^ w[i & 15], 1);
      uint32_t f, k;
      if (i < 20) {
        f = d ^ (b & (c ^ d));
        k = 0x5a827999;
      } else if (i < 40) {
        f = b ^ c ^ d;
        k = 0x6ed9eba1;
      } else if (i < 60) {
        f = (b & c) | (d & (b | c));
        k = 0x8f1bbcdc;
      } else {
        f = b ^ c ^ d;
        k = 0xca62c1d6;
      }
      const uint32_t t = turn(a, 5) + f + e + k + w[i & 15];
      e = d;
      d = c;
      c = turn(b, 30);
      b = a;
      a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
}

}  // namespace

const HashKernel kPortableSha1 = {64, 20, 4, false, kInitial, sizeof kInitial, compress};

}  // namespace rp::crypto
