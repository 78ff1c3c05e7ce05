// MD5 (RFC 1321 3.4), for HMAC-MD5-96 (RFC 2403).
#include "base/bytes.h"
#include "crypto/md5_constants.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

constexpr uint32_t kInitial[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

void compress(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
  for (; blocks > 0; blocks--, data += 64) {
    uint32_t m[16];
    std::memcpy(m, data, 64);
    const uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
#pragma GCC unroll 64
    for (int i = 0; i < 64; i++) {
      uint32_t f;
      int g;
      if (i < 16) {
        f = (b & c) | (~b & d);
        g = i;
      } else if (i < 32) {
        f = (d & b) | (~d & c);
        g = (5 * i + 1) & 15;
      } else if (i < 48) {
        f = b ^ c ^ d;
        g = (3 * i + 5) & 15;
      } else {
        f = c ^ (b | ~d);
        g = (7 * i) & 15;
      }
      const uint32_t t = a + f + kMd5Sines[i] + m[g];
      const int s = kMd5Shifts[i / 16][i % 4];
      a = d;
      d = c;
      c = b;
      b += t << s | t >> (32 - s);
    }
    a += a0;
    b += b0;
    c += c0;
    d += d0;
  }
  h[0] = a;
  h[1] = b;
  h[2] = c;
  h[3] = d;
}

}  // namespace

const HashKernel kPortableMd5 = {64, 16, 4, true, kInitial, sizeof kInitial, compress};

}  // namespace rp::crypto
