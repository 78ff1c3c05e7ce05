#include "crypto/aes_bitsliced.h"

#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/aes_sbox.h"

namespace rp::crypto {
namespace {

// Two 64-bit lanes of four blocks: one SSE2 or NEON register per plane.
typedef uint64_t Lanes __attribute__((vector_size(16)));
constexpr size_t kLanes = 2;
constexpr size_t kBlocks = 4 * kLanes;

// In a lane, bit 16*row + 4*column + block of plane i is bit i of that byte of the state: rows turn by rotations of 16
// bits (MixColumns), columns by rotations of 4 inside them (ShiftRows).

uint64_t spread(uint32_t x) {
  uint64_t y = x;
  y = (y | y << 16) & 0x0000ffff0000ffff;
  return (y | y << 8) & 0x00ff00ff00ff00ff;
}
uint32_t gather(uint64_t y) {
  y &= 0x00ff00ff00ff00ff;
  y = (y | y >> 8) & 0x0000ffff0000ffff;
  return uint32_t(y | y >> 16);
}

template <class T>
void swapBits(T& a, T& b, uint64_t mask, int shift) {
  const T t = ((a >> shift) ^ b) & mask;
  b ^= t;
  a ^= t << shift;
}
// Exchanges the number of the word with the number of the bit in each byte; its own inverse.
template <class T>
void transpose(T q[8]) {
  for (int i = 0; i < 8; i += 2) swapBits(q[i], q[i + 1], 0x5555555555555555, 1);
  for (int i = 0; i < 8; i += 4) {
    swapBits(q[i], q[i + 2], 0x3333333333333333, 2);
    swapBits(q[i + 1], q[i + 3], 0x3333333333333333, 2);
  }
  for (int i = 0; i < 4; i++) swapBits(q[i], q[i + 4], 0x0f0f0f0f0f0f0f0f, 4);
}

void load(Lanes q[8], const uint8_t* blocks) {
  for (size_t lane = 0; lane < kLanes; lane++) {
    for (size_t b = 0; b < 4; b++) {
      const uint8_t* p = blocks + 16 * (4 * lane + b);
      q[b][lane] = spread(rp::load<uint32_t>(p)) | spread(rp::load<uint32_t>(p + 8)) << 8;
      q[b + 4][lane] = spread(rp::load<uint32_t>(p + 4)) | spread(rp::load<uint32_t>(p + 12)) << 8;
    }
  }
  transpose(q);
}
void unload(Lanes q[8], uint8_t* blocks) {
  transpose(q);
  for (size_t lane = 0; lane < kLanes; lane++) {
    for (size_t b = 0; b < 4; b++) {
      uint8_t* p = blocks + 16 * (4 * lane + b);
      store(p, gather(q[b][lane]));
      store(p + 4, gather(q[b + 4][lane]));
      store(p + 8, gather(q[b][lane] >> 8));
      store(p + 12, gather(q[b + 4][lane] >> 8));
    }
  }
}

void addRoundKey(Lanes q[8], const uint64_t key[8]) {
  for (int i = 0; i < 8; i++) q[i] ^= key[i];
}
void shiftRows(Lanes q[8]) {
  for (int i = 0; i < 8; i++) {
    const Lanes x = q[i];
    q[i] = (x & 0x000000000000ffff) | (x & 0x00000000fff00000) >> 4 | (x & 0x00000000000f0000) << 12 |
           (x & 0x0000ff0000000000) >> 8 | (x & 0x000000ff00000000) << 8 | (x & 0xf000000000000000) >> 12 |
           (x & 0x0fff000000000000) << 4;
  }
}
void invShiftRows(Lanes q[8]) {
  for (int i = 0; i < 8; i++) {
    const Lanes x = q[i];
    q[i] = (x & 0x000000000000ffff) | (x & 0x000000000fff0000) << 4 | (x & 0x00000000f0000000) >> 12 |
           (x & 0x000000ff00000000) << 8 | (x & 0x0000ff0000000000) >> 8 | (x & 0x000f000000000000) << 12 |
           (x & 0xfff0000000000000) >> 4;
  }
}
Lanes turn16(Lanes x) { return x >> 16 | x << 48; }
Lanes turn32(Lanes x) { return x >> 32 | x << 32; }
// Multiplies by {02} in GF(2^8).
void doubled(Lanes out[8], const Lanes t[8]) {
  out[0] = t[7];
  out[1] = t[0] ^ t[7];
  out[2] = t[1];
  out[3] = t[2] ^ t[7];
  out[4] = t[3] ^ t[7];
  out[5] = t[4];
  out[6] = t[5];
  out[7] = t[6];
}
void mixColumns(Lanes q[8]) {
  Lanes t[8], d[8];
  for (int i = 0; i < 8; i++) t[i] = q[i] ^ turn16(q[i]);
  doubled(d, t);
  for (int i = 0; i < 8; i++) q[i] = d[i] ^ turn16(q[i]) ^ turn32(t[i]);
}
// The inverse matrix is the forward one times circ({05}, 0, {04}, 0).
void invMixColumns(Lanes q[8]) {
  Lanes t[8], d[8];
  for (int i = 0; i < 8; i++) t[i] = q[i] ^ turn32(q[i]);
  doubled(d, t);
  doubled(t, d);
  for (int i = 0; i < 8; i++) q[i] ^= t[i];
  mixColumns(q);
}

void encrypt(const BitslicedAes& key, Lanes q[8]) {
  addRoundKey(q, key.keys[0]);
  for (uint32_t r = 1; r < key.rounds; r++) {
    subBytes(q);
    shiftRows(q);
    mixColumns(q);
    addRoundKey(q, key.keys[r]);
  }
  subBytes(q);
  shiftRows(q);
  addRoundKey(q, key.keys[key.rounds]);
}
void decrypt(const BitslicedAes& key, Lanes q[8]) {
  addRoundKey(q, key.keys[key.rounds]);
  for (uint32_t r = key.rounds - 1; r > 0; r--) {
    invShiftRows(q);
    invSubBytes(q);
    addRoundKey(q, key.keys[r]);
    invMixColumns(q);
  }
  invShiftRows(q);
  invSubBytes(q);
  addRoundKey(q, key.keys[0]);
}

uint32_t subWord(uint32_t w) {
  uint64_t q[8] = {spread(w)};
  transpose(q);
  subBytes(q);
  transpose(q);
  return gather(q[0]);
}

void xorBytes(uint8_t* out, const uint8_t* a, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) out[i] ^= a[i];
}

}  // namespace

void bitslicedExpand(BitslicedAes& key, const uint8_t* bytes, size_t keyBytes) {
  const uint32_t nk = uint32_t(keyBytes / 4);
  key.rounds = nk + 6;
  const uint32_t words = 4 * (key.rounds + 1);
  uint32_t w[60];
  for (uint32_t i = 0; i < nk; i++) w[i] = rp::load<uint32_t>(bytes + 4 * i);
  uint32_t rcon = 1;
  for (uint32_t i = nk; i < words; i++) {
    uint32_t t = w[i - 1];
    if (i % nk == 0) {
      t = subWord(t >> 8 | t << 24) ^ rcon;
      rcon = (rcon << 1) ^ (rcon >> 7) * 0x11b;
    } else if (nk > 6 && i % nk == 4) {
      t = subWord(t);
    }
    w[i] = w[i - nk] ^ t;
  }
  for (uint32_t r = 0; r <= key.rounds; r++) {
    uint64_t* q = key.keys[r];
    for (int b = 0; b < 4; b++) {
      q[b] = spread(w[4 * r]) | spread(w[4 * r + 2]) << 8;
      q[b + 4] = spread(w[4 * r + 1]) | spread(w[4 * r + 3]) << 8;
    }
    transpose(q);
  }
  wipe(w, sizeof w);
}

void bitslicedBlock(const BitslicedAes& key, const uint8_t in[16], uint8_t out[16]) {
  uint8_t blocks[16 * kBlocks] = {};
  std::memcpy(blocks, in, 16);
  Lanes q[8];
  load(q, blocks);
  encrypt(key, q);
  unload(q, blocks);
  std::memcpy(out, blocks, 16);
}

void bitslicedCtr(const BitslicedAes& key, const uint8_t counter[16], uint8_t* text, size_t bytes) {
  uint32_t count = loadBe32(counter + 12);
  uint8_t stream[16 * kBlocks];
  while (bytes > 0) {
    for (size_t b = 0; b < kBlocks; b++) {
      std::memcpy(stream + 16 * b, counter, 12);
      storeBe32(stream + 16 * b + 12, count++);
    }
    Lanes q[8];
    load(q, stream);
    encrypt(key, q);
    unload(q, stream);
    const size_t n = bytes < sizeof stream ? bytes : sizeof stream;
    xorBytes(text, stream, n);
    text += n;
    bytes -= n;
  }
}

void bitslicedCbcEncrypt(const BitslicedAes& key, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  const uint8_t* last = iv;
  for (size_t i = 0; i + 16 <= bytes; i += 16) {
    xorBytes(text + i, last, 16);
    bitslicedBlock(key, text + i, text + i);
    last = text + i;
  }
}

void bitslicedCbcDecrypt(const BitslicedAes& key, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  uint8_t last[16];
  std::memcpy(last, iv, 16);
  uint8_t plain[16 * kBlocks];
  while (bytes >= 16) {
    const size_t n = (bytes < sizeof plain ? bytes : sizeof plain) & ~size_t(15);
    std::memset(plain, 0, sizeof plain);
    std::memcpy(plain, text, n);
    Lanes q[8];
    load(q, plain);
    decrypt(key, q);
    unload(q, plain);
    xorBytes(plain, last, 16);
    xorBytes(plain + 16, text, n - 16);
    std::memcpy(last, text + n - 16, 16);
    std::memcpy(text, plain, n);
    text += n;
    bytes -= n;
  }
}

}  // namespace rp::crypto
