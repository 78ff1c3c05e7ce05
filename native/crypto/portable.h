// The kernels that run everywhere.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const AeadKernel kPortableAesGcm, kPortableChacha20Poly1305;
extern const CipherKernel kPortableAesCbc, kPortableAesCtr;
extern const HashKernel kPortableMd5, kPortableSha1, kPortableSha256, kPortableSha384, kPortableSha512;
extern const CbcMacKernel kPortableAesCbcMac;
extern const CipherKernel kPortableDesCbc;  // DES and 3DES, by the length of the key
extern const CipherKernel kPortableBlowfishCbc, kPortableTwofishCbc, kPortableCamelliaCbc, kPortableCamelliaCtr;

}  // namespace rp::crypto
