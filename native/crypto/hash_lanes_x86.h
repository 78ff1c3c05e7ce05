// Hashes of several messages at a time: sixteen by words of 32 bits and eight by words of 64 with AVX-512, eight and
// four with AVX2.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const LaneKernel kAvx512Md5, kAvx512Sha1, kAvx512Sha256, kAvx512Sha384, kAvx512Sha512;
extern const LaneKernel kAvx2Md5, kAvx2Sha1, kAvx2Sha256, kAvx2Sha384, kAvx2Sha512;

}  // namespace rp::crypto
