// HMAC (RFC 2104) over any hash kernel.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"

namespace rp::crypto {

// The states after the padded key's block, which are as secret as the key.
struct HmacKey {
  const HashKernel* hash = nullptr;
  alignas(64) uint8_t inner[64];
  alignas(64) uint8_t outer[64];
};

void expandHmac(HmacKey& key, const HashKernel& hash, const uint8_t* bytes, size_t keyBytes);
// Of `data` and then `suffix` (at most 4 bytes, may be none); writes the whole digest, hash->digestBytes long.
void hmac(const HmacKey& key, const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes,
          uint8_t* digest);

// One message of a batch.
struct HmacJob {
  const HmacKey* key;
  const uint8_t* data;
  size_t bytes;
  uint8_t suffix[4];
  size_t suffixBytes;
  uint8_t* digest;  // 64 bytes, of which the hash's are meant
  // Of a message whose first `before` bytes, whole blocks, are hashed already, the state after them, 64 bytes; else
  // nullptr.
  const void* state = nullptr;
  size_t before = 0;
};
void hmac(const HmacJob& job);
// All of one hash kernel; side by side where it has lanes.
void hmacMany(const HmacJob* jobs, size_t count);

}  // namespace rp::crypto
