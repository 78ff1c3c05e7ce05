// Blowfish's expanded key (B. Schneier, 1993).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

struct BlowfishKey {
  uint32_t p[18];
  uint32_t s[4][256];
  // Byte j of each word of each S-box, the most significant first.
  uint8_t planes[4][4][256];
};

// 5 to 56 bytes (RFC 2451 2.2).
void blowfishExpand(void* context, const uint8_t* key, size_t keyBytes);

}  // namespace rp::crypto
