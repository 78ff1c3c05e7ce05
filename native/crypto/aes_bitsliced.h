// AES without tables (FIPS 197), constant-time on any CPU: eight bit planes hold four blocks per 64-bit lane.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

// Expanded for both directions; every round key is spread over the planes, the same for each block of a lane.
struct BitslicedAes {
  uint32_t rounds;
  uint64_t keys[15][8];
};

void bitslicedExpand(BitslicedAes& key, const uint8_t* bytes, size_t keyBytes);
// The block under the key, as GHASH's H and the tag's mask need it.
void bitslicedBlock(const BitslicedAes& key, const uint8_t in[16], uint8_t out[16]);
// Counter mode; the last 32 bits of the block count, big-endian, and wrap as GCM and RFC 3686 want.
void bitslicedCtr(const BitslicedAes& key, const uint8_t counter[16], uint8_t* text, size_t bytes);
void bitslicedCbcEncrypt(const BitslicedAes& key, const uint8_t iv[16], uint8_t* text, size_t bytes);
void bitslicedCbcDecrypt(const BitslicedAes& key, const uint8_t iv[16], uint8_t* text, size_t bytes);

}  // namespace rp::crypto
