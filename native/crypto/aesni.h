// The kernels of the x86 units, each compiled with its own flags (native/sources.gypi).
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const AeadKernel kAesniGcm;
extern const CipherKernel kAesniCbc, kAesniCtr;
extern const CbcMacKernel kAesniCbcMac;

}  // namespace rp::crypto
