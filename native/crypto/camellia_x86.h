// Camellia for CPUs with AVX2 and AES-NI or VAES, 32 blocks at a time.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const CipherKernel kAesniCamelliaCbc, kAesniCamelliaCtr, kVaesCamelliaCbc, kVaesCamelliaCtr;

}  // namespace rp::crypto
