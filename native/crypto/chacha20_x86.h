// ChaCha20-Poly1305 with the keystream in wide registers.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

extern const AeadKernel kAvx2Chacha20Poly1305, kAvx512Chacha20Poly1305, kIfmaChacha20Poly1305;

}  // namespace rp::crypto
