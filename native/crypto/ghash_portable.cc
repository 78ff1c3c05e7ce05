#include "crypto/ghash_portable.h"

#include "base/bytes.h"

namespace rp::crypto {
namespace {

// The low 64 bits of a carry-less product. Operands are cut into four, one bit in four each: at most 15 carries meet
// in a hole of three zero bits below bit 60, and above it they fall off the word. Integer multiplication is
// constant-time on the CPUs we run on.
uint64_t multiply(uint64_t x, uint64_t y) {
  constexpr uint64_t m0 = 0x1111111111111111, m1 = m0 << 1, m2 = m0 << 2, m3 = m0 << 3;
  const uint64_t x0 = x & m0, x1 = x & m1, x2 = x & m2, x3 = x & m3;
  const uint64_t y0 = y & m0, y1 = y & m1, y2 = y & m2, y3 = y & m3;
  const uint64_t z0 = (x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1);
  const uint64_t z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2);
  const uint64_t z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3);
  const uint64_t z3 = (x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0);
  return (z0 & m0) | (z1 & m1) | (z2 & m2) | (z3 & m3);
}

uint64_t reverse(uint64_t x) {
  x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
  x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
  x = (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
  return __builtin_bswap64(x);
}

}  // namespace

void ghash(uint8_t y[16], const uint8_t h[16], const uint8_t* data, size_t bytes) {
  // Reversing both factors turns the high half of a product into a low one, shifted by one bit.
  const uint64_t h1 = loadBe64(h), h0 = loadBe64(h + 8), h2 = h0 ^ h1;
  const uint64_t r0 = reverse(h0), r1 = reverse(h1), r2 = r0 ^ r1;
  uint64_t y1 = loadBe64(y), y0 = loadBe64(y + 8);
  while (bytes > 0) {
    uint8_t block[16] = {};
    const size_t n = bytes < 16 ? bytes : 16;
    std::memcpy(block, data, n);
    data += n;
    bytes -= n;
    y1 ^= loadBe64(block);
    y0 ^= loadBe64(block + 8);

    // Karatsuba, low and high halves apart.
    const uint64_t s0 = reverse(y0), s1 = reverse(y1);
    const uint64_t low0 = multiply(y0, h0), low1 = multiply(y1, h1);
    const uint64_t low2 = multiply(y0 ^ y1, h2) ^ low0 ^ low1;
    const uint64_t high0 = multiply(s0, r0), high1 = multiply(s1, r1);
    const uint64_t high2 = multiply(s0 ^ s1, r2) ^ high0 ^ high1;
    uint64_t v0 = low0, v1 = reverse(high0) >> 1 ^ low2, v2 = low1 ^ reverse(high2) >> 1, v3 = reverse(high1) >> 1;

    // GCM's bit order is reflected: the product of reflections wants one shift, then the reduction runs upwards.
    v3 = v3 << 1 | v2 >> 63;
    v2 = v2 << 1 | v1 >> 63;
    v1 = v1 << 1 | v0 >> 63;
    v0 <<= 1;
    v2 ^= v0 ^ v0 >> 1 ^ v0 >> 2 ^ v0 >> 7;
    v1 ^= v0 << 63 ^ v0 << 62 ^ v0 << 57;
    v3 ^= v1 ^ v1 >> 1 ^ v1 >> 2 ^ v1 >> 7;
    v2 ^= v1 << 63 ^ v1 << 62 ^ v1 << 57;
    y1 = v3;
    y0 = v2;
  }
  storeBe64(y, y1);
  storeBe64(y + 8, y0);
}

}  // namespace rp::crypto
