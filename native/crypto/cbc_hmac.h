// AES-CBC and HMAC in one pass over a batch of ESP packets, as far as packets fill the lanes.
#pragma once
#include <cstddef>
#include <cstdint>

#include "crypto/hmac.h"
#include "crypto/kernel.h"

namespace rp::crypto {

// A packet: kHashedHeader bytes, text, in place.
struct CbcHmacJob {
  const void* context;  // of the cipher's kernel
  size_t keyBytes;
  const HmacKey* key;
  uint8_t* packet;
  size_t textBytes;
  // What has been done: so many bytes are hashed, from the header on, and so many of text encrypted or decrypted; both
  // 0 or neither.
  size_t hashed, crypted;
  uint8_t iv[16];  // for what is left of the text
  alignas(64) uint32_t state[16];
};

// A packet with less text has nothing to gain.
constexpr size_t kLeastCbcHmacText = 192;

// Leave to the caller what is left over, which may be everything. What is opened is decrypted before its ICV is known.
void cbcHmacSealMany(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count);
void cbcHmacOpenMany(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count);

}  // namespace rp::crypto
