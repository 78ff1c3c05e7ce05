// CBC-MACs of one message or of a batch, over any kernel.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

void absorb(const CbcMacKernel& kernel, MacJob& job);
// All of them of `kernel`; side by side where it can.
void absorb(const CbcMacKernel& kernel, MacJob* jobs, size_t count);

}  // namespace rp::crypto
