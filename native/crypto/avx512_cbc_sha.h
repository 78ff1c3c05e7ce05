// AES-CBC and a hash of sixteen messages in one pass, for CPUs with AVX-512 and VAES.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const CbcHashKernel kAvx512CbcSha1, kAvx512CbcSha256;

}  // namespace rp::crypto
