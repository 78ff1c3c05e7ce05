// The kernels for CPUs with AVX2, VAES and VPCLMULQDQ, which need no AVX-512.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const AeadKernel kVaesGcm;
extern const CipherKernel kVaesCbc, kVaesCtr;

}  // namespace rp::crypto
