// One published vector of a cipher, in both directions; all in hexadecimal.
#pragma once
#include "crypto/kernel.h"
#include "test/check.h"
#include "test/context.h"
#include "test/hex.h"

namespace rp::test {

inline void checkCipher(const crypto::CipherKernel& kernel, const char* key, const char* iv, const char* plain,
                        const char* wanted) {
  const Context context(kernel, hex(key));
  const auto p = hex(plain), c = hex(wanted), block = hex(iv);
  auto text = p;
  kernel.encrypt(context.memory, block.data(), text.data(), text.size());
  CHECK_BYTES(text.data(), c.data(), c.size());
  kernel.decrypt(context.memory, block.data(), text.data(), text.size());
  CHECK_BYTES(text.data(), p.data(), p.size());
}

}  // namespace rp::test
