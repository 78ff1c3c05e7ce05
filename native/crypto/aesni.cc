// AES with AES-NI and PCLMULQDQ.
#include "crypto/aesni.h"

#include "crypto/aesni_isa.h"
#include "crypto/gcm_modes.h"

namespace rp::crypto {

const AeadKernel kAesniGcm = GcmModes<Aesni>::kKernel;
const CipherKernel kAesniCbc = AesModes<Aesni>::kCbc;
const CipherKernel kAesniCtr = AesModes<Aesni>::kCtr;
const CbcMacKernel kAesniCbcMac = AesModes<Aesni>::kCbcMac;

}  // namespace rp::crypto
