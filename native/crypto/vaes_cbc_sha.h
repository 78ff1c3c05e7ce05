// AES-CBC encryption and SHA-1 of sixteen messages in one pass, for CPUs with AVX2 and VAES. SHA-256 is the work of the
// SHA extensions, whose instructions and those of 256 bits do not go together.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const CbcHashKernel kVaesCbcSha1;

}  // namespace rp::crypto
