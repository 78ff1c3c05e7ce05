// SHA-256 (FIPS 180-4 6.2), for HMAC-SHA-256-128 (RFC 4868).
#include "base/bytes.h"
#include "crypto/portable.h"
#include "crypto/sha256_constants.h"

namespace rp::crypto {
namespace {

uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

void compress(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  for (; blocks > 0; blocks--, data += 64) {
    uint32_t w[16], s[8];
    for (int i = 0; i < 16; i++) w[i] = loadBe32(data + 4 * i);
    for (int i = 0; i < 8; i++) s[i] = h[i];
#pragma GCC unroll 64
    for (int i = 0; i < 64; i++) {
      if (i >= 16) {
        const uint32_t x = w[(i - 15) & 15], y = w[(i - 2) & 15];
        w[i & 15] += w[(i - 7) & 15] + (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + (turn(y, 17) ^ turn(y, 19) ^ y >> 10);
      }
      // The eight working variables turn instead of moving.
      uint32_t &a = s[-i & 7], &b = s[(1 - i) & 7], &c = s[(2 - i) & 7], &d = s[(3 - i) & 7];
      uint32_t &e = s[(4 - i) & 7], &f = s[(5 - i) & 7], &g = s[(6 - i) & 7], &k = s[(7 - i) & 7];
      const uint32_t t =
          k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (g ^ (e & (f ^ g))) + kSha256Rounds[i] + w[i & 15];
      d += t;
      k = t + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) | (c & (a | b)));
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
  }
}

}  // namespace

const HashKernel kPortableSha256 = {64, 32, 4, false, kSha256Initial, sizeof kSha256Initial, compress};

}  // namespace rp::crypto
