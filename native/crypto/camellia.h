// Camellia's expanded key (RFC 3713; names as there).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

// Round keys in the order of one direction: kw1, kw2, k1..k6, ke1, ke2, k7..k12, ... , kw3, kw4.
struct CamelliaSchedule {
  uint64_t kw[4], k[24], ke[6];
};
struct CamelliaKey {
  uint32_t rounds;  // 18, 24
  CamelliaSchedule encrypt, decrypt;
};

// 16, 24 or 32 bytes.
void camelliaExpand(void* context, const uint8_t* key, size_t keyBytes);

}  // namespace rp::crypto
