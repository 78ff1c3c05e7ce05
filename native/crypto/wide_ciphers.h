// The ciphers besides AES with AVX-512, GFNI and VBMI, 64 blocks at a time.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const CipherKernel kWideDesCbc;  // DES and 3DES, by the length of the key
extern const CipherKernel kWideBlowfishCbc, kWideTwofishCbc, kWideCamelliaCbc, kWideCamelliaCtr;

}  // namespace rp::crypto
