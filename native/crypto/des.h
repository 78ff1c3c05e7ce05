// DES and 3DES in EDE (FIPS 46-3, NIST SP 800-67): key schedule, and the rule for weak keys.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

// The six-bit key of each S-box S1..S8 in each round, in the order in which encryption and decryption use them.
struct DesKey {
  uint32_t rounds;  // 16, 48
  uint8_t encrypt[48][8];
  uint8_t decrypt[48][8];
  // The same, the keys of S1, S3, S5, S7 in the top six bits of each byte, then those of S2, S4, S6, S8.
  uint32_t words[2][48][2];
};

// 8 or 24 bytes; the parity bits have no effect.
void desExpand(void* context, const uint8_t* key, size_t keyBytes);
// The weak and semi-weak keys of DES (RFC 2405 7), and keys of 3DES that make it DES: K1 = K2 or K2 = K3 (RFC
// 2451 2.3).
bool desWeak(const uint8_t* key, size_t keyBytes);

}  // namespace rp::crypto
