// Twofish's expanded key (B. Schneier et al., "Twofish: A 128-Bit Block Cipher", 1998; names as there).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

struct TwofishKey {
  uint32_t k[40];
  // The key-dependent S-boxes: as bytes, and with the MDS matrix's column applied.
  uint8_t s[4][256];
  uint32_t g[4][256];
};

// 16, 24 or 32 bytes.
void twofishExpand(void* context, const uint8_t* key, size_t keyBytes);

}  // namespace rp::crypto
