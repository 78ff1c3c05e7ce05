// The kernels for CPUs with the ARMv8 cryptographic extension.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const AeadKernel kArmv8Gcm, kArmv8Chacha20Poly1305;
extern const CipherKernel kArmv8Cbc, kArmv8Ctr;
extern const CbcMacKernel kArmv8CbcMac;
void armv8Sha1(void* state, const uint8_t* data, size_t blocks);
void armv8Sha256(void* state, const uint8_t* data, size_t blocks);
#if defined(__aarch64__)
void armv8Sha512(void* state, const uint8_t* data, size_t blocks);
#endif

}  // namespace rp::crypto
