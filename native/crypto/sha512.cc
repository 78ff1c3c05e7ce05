// SHA-512 and SHA-384 (FIPS 180-4 6.4, 6.5), for HMAC-SHA-512-256 and HMAC-SHA-384-192 (RFC 4868).
#include "base/bytes.h"
#include "crypto/portable.h"
#include "crypto/sha512_constants.h"

namespace rp::crypto {
namespace {

constexpr uint64_t kInitial384[8] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                                     0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
constexpr uint64_t kInitial512[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                     0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
uint64_t turn(uint64_t x, int n) { return x >> n | x << (64 - n); }

void compress(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint64_t*>(state);
  for (; blocks > 0; blocks--, data += 128) {
    uint64_t w[16], s[8];
    for (int i = 0; i < 16; i++) w[i] = loadBe64(data + 8 * i);
    for (int i = 0; i < 8; i++) s[i] = h[i];
#pragma GCC unroll 80
    for (int i = 0; i < 80; i++) {
      if (i >= 16) {
        const uint64_t x = w[(i - 15) & 15], y = w[(i - 2) & 15];
        w[i & 15] += w[(i - 7) & 15] + (turn(x, 1) ^ turn(x, 8) ^ x >> 7) + (turn(y, 19) ^ turn(y, 61) ^ y >> 6);
      }
      // The eight working variables turn instead of moving.
      uint64_t &a = s[-i & 7], &b = s[(1 - i) & 7], &c = s[(2 - i) & 7], &d = s[(3 - i) & 7];
      uint64_t &e = s[(4 - i) & 7], &f = s[(5 - i) & 7], &g = s[(6 - i) & 7], &k = s[(7 - i) & 7];
      const uint64_t t =
          k + (turn(e, 14) ^ turn(e, 18) ^ turn(e, 41)) + (g ^ (e & (f ^ g))) + kSha512Rounds[i] + w[i & 15];
      d += t;
      k = t + (turn(a, 28) ^ turn(a, 34) ^ turn(a, 39)) + ((a & b) | (c & (a | b)));
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
  }
}

}  // namespace

const HashKernel kPortableSha384 = {128, 48, 8, false, kInitial384, sizeof kInitial384, compress};
const HashKernel kPortableSha512 = {128, 64, 8, false, kInitial512, sizeof kInitial512, compress};

}  // namespace rp::crypto
