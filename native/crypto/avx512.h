// The kernels for CPUs with AVX-512, VAES and VPCLMULQDQ.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

// Products by Karatsuba or by the schoolbook: which is faster depends on the CPU.
extern const AeadKernel kAvx512GcmKaratsuba, kAvx512GcmSchoolbook;
extern const CipherKernel kAvx512Cbc, kAvx512Ctr;
extern const CbcMacKernel kAvx512CbcMac;

void avx512CbcEncryptMany(const CipherJob* jobs, size_t count);

}  // namespace rp::crypto
