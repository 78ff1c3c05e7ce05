#include "crypto/poly1305.h"

#include "base/bytes.h"

namespace rp::crypto {

void Poly1305::absorb(const uint8_t* data, size_t bytes) {
#ifdef __SIZEOF_INT128__
  // The powers of r have to be worth their while.
  if (wide_ != nullptr && bytes >= 256) {
    const size_t blocks = bytes / 16 & ~size_t(7);
    wide_(h_, r_, data, blocks);
    data += 16 * blocks;
    bytes -= 16 * blocks;
  }
#endif
  for (; bytes >= 16; data += 16, bytes -= 16) block(data);
  if (bytes > 0) {
    uint8_t last[16] = {};
    std::memcpy(last, data, bytes);
    block(last);
  }
}

#ifdef __SIZEOF_INT128__

// Limbs of 64 bits, the accumulator kept below 2^130 and a little. r's clamped low bits make r1 * 2^128 / 4 whole, so
// that 2^130 = 5 folds into one factor, s = r1 + r1 / 4.
Poly1305::Poly1305(const uint8_t key[32], Poly1305Blocks wide) : wide_(wide) {
  r_[0] = load<uint64_t>(key) & 0x0ffffffc0fffffff;
  r_[1] = load<uint64_t>(key + 8) & 0x0ffffffc0ffffffc;
  s_ = r_[1] + (r_[1] >> 2);
  std::memcpy(pad_, key + 16, 16);
}

void Poly1305::block(const uint8_t* data) {
  __extension__ using Wide = unsigned __int128;
  Wide d0 = Wide(h_[0]) + load<uint64_t>(data);
  Wide d1 = Wide(h_[1]) + load<uint64_t>(data + 8) + uint64_t(d0 >> 64);
  const uint64_t h0 = uint64_t(d0), h1 = uint64_t(d1), h2 = h_[2] + uint64_t(d1 >> 64) + 1;
  d0 = Wide(h0) * r_[0] + Wide(h1) * s_;
  d1 = Wide(h0) * r_[1] + Wide(h1) * r_[0] + Wide(h2 * s_) + uint64_t(d0 >> 64);
  uint64_t top = h2 * r_[0] + uint64_t(d1 >> 64);
  const uint64_t fold = (top >> 2) + (top & ~uint64_t(3));
  top &= 3;
  d0 = Wide(uint64_t(d0)) + fold;
  d1 = Wide(uint64_t(d1)) + uint64_t(d0 >> 64);
  h_[0] = uint64_t(d0);
  h_[1] = uint64_t(d1);
  h_[2] = top + uint64_t(d1 >> 64);
}

void Poly1305::finish(uint8_t tag[16]) {
  __extension__ using Wide = unsigned __int128;
  // h - p = h + 5 - 2^130: take it if the sum reaches 2^130.
  const Wide g0 = Wide(h_[0]) + 5;
  const Wide g1 = Wide(h_[1]) + uint64_t(g0 >> 64);
  const uint64_t reached = uint64_t(0) - ((h_[2] + uint64_t(g1 >> 64)) >> 2);
  const uint64_t h0 = (h_[0] & ~reached) | (uint64_t(g0) & reached);
  const uint64_t h1 = (h_[1] & ~reached) | (uint64_t(g1) & reached);
  const Wide t0 = Wide(h0) + load<uint64_t>(pad_);
  store(tag, uint64_t(t0));
  store(tag + 8, h1 + load<uint64_t>(pad_ + 2) + uint64_t(t0 >> 64));
}

#else

// The same with limbs of 32 bits.
Poly1305::Poly1305(const uint8_t key[32], Poly1305Blocks wide) : wide_(wide) {
  for (int i = 0; i < 4; i++) {
    r_[i] = load<uint32_t>(key + 4 * i) & (i == 0 ? 0x0fffffff : 0x0ffffffc);
    s_[i] = r_[i] + (r_[i] >> 2);
  }
  std::memcpy(pad_, key + 16, 16);
}

void Poly1305::block(const uint8_t* data) {
  uint64_t c = 0;
  uint32_t h[5];
  for (int i = 0; i < 4; i++) {
    c += uint64_t(h_[i]) + load<uint32_t>(data + 4 * i);
    h[i] = uint32_t(c);
    c >>= 32;
  }
  h[4] = h_[4] + uint32_t(c) + 1;
  // No sum overflows: r and s are below 2^29, h[0..3] below 2^32, h[4] below 8.
  uint64_t d[4];
  for (int i = 0; i < 4; i++) {
    d[i] = 0;
    for (int j = 0; j < 4; j++) d[i] += uint64_t(h[j]) * (j <= i ? r_[i - j] : s_[4 + i - j]);
    if (i > 0) d[i] += uint64_t(h[4]) * s_[i];
  }
  for (int i = 1; i < 4; i++) d[i] += d[i - 1] >> 32;
  uint32_t top = h[4] * r_[0] + uint32_t(d[3] >> 32);
  c = (top >> 2) + (top & ~3u);
  for (int i = 0; i < 4; i++) {
    c += uint32_t(d[i]);
    h_[i] = uint32_t(c);
    c >>= 32;
  }
  h_[4] = (top & 3) + uint32_t(c);
}

void Poly1305::finish(uint8_t tag[16]) {
  uint32_t g[4];
  uint64_t c = 5;
  for (int i = 0; i < 4; i++) {
    c += h_[i];
    g[i] = uint32_t(c);
    c >>= 32;
  }
  const uint32_t reached = 0u - ((h_[4] + uint32_t(c)) >> 2);
  c = 0;
  for (int i = 0; i < 4; i++) {
    c += uint64_t((h_[i] & ~reached) | (g[i] & reached)) + pad_[i];
    store(tag + 4 * i, uint32_t(c));
    c >>= 32;
  }
}

#endif

}  // namespace rp::crypto
