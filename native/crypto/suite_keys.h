// What a Suite keeps: the kernels of its algorithms and the expanded keys.
#pragma once
#include <span>

#include "base/wipe.h"
#include "crypto/block_mac.h"
#include "crypto/ccm.h"
#include "crypto/hmac.h"
#include "crypto/kernel.h"
#include "crypto/secret_block.h"
#include "crypto/suite.h"

namespace rp::crypto {

struct Suite::Keys {
  const Implementation* implementation = nullptr;
  const AeadKernel* aead = nullptr;
  const CipherKernel* cipher = nullptr;
  // Of cipher and HMAC in one pass; nullptr if there is none.
  const CbcHashKernel* cbcHash = nullptr;
  size_t keyBytes = 0;  // of the cipher, without salt
  SecretBlock context;
  uint8_t salt[4] = {};  // of AEADs and CTR
  HmacKey hmac;
  BlockMac blockMac;
  Ccm ccm;

  ~Keys() {
    wipe(salt, sizeof salt);
    wipe(&hmac, sizeof hmac);
  }
  template <class Kernel>
  void expand(const Kernel& kernel, std::span<const uint8_t> key) {
    context = SecretBlock(kernel.contextBytes);
    kernel.expand(context.get(), key.data(), key.size());
  }
};

}  // namespace rp::crypto
