#include "crypto/iv_generator.h"

#include <sys/random.h>

#include <cerrno>

#include "base/bytes.h"
#include "base/error.h"
#include "base/wipe.h"
#include "crypto/kernel.h"
#include "crypto/secret_block.h"

namespace rp::crypto {

struct IvGenerator::Key {
  const CipherKernel& kernel;
  SecretBlock context;
};

IvGenerator::IvGenerator(const Implementation& implementation)
    : key_(new Key{implementation.aesCbc, SecretBlock(implementation.aesCbc.contextBytes)}) {
  uint8_t key[16];
  for (size_t have = 0; have < sizeof key;) {
    const ssize_t n = getrandom(key + have, sizeof key - have, 0);
    if (n < 0 && errno != EINTR) throw SystemError(errno, "getrandom");
    if (n > 0) have += size_t(n);
  }
  key_->kernel.expand(key_->context.get(), key, sizeof key);
  wipe(key, sizeof key);
}

IvGenerator::~IvGenerator() = default;

void IvGenerator::generate(uint64_t counter, uint8_t iv[16]) const {
  const uint8_t zero[16] = {};
  storeBe64(iv, 0);
  storeBe64(iv + 8, counter);
  key_->kernel.encrypt(key_->context.get(), zero, iv, 16);
}

}  // namespace rp::crypto
