#include "crypto/capability.h"

#include <cstring>

#include "crypto/implementation.h"
#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

// Kernels are plain functions, so two are the same if their addresses are.
template <class Kernel>
const char* origin(Kernel Implementation::* kernel) {
  const Implementation& used = defaultImplementation();
  for (const Implementation* i : implementations()) {
    if (std::memcmp(&(i->*kernel), &(used.*kernel), sizeof(Kernel)) == 0) return name(*i);
  }
  return name(used);
}

}  // namespace

std::vector<Capability> capabilities() {
  using I = Implementation;
  return {
      {"aes-gcm", origin(&I::aesGcm)},
      {"aes-cbc", origin(&I::aesCbc)},
      {"aes-ctr", origin(&I::aesCtr)},
      {"aes-ccm", origin(&I::aesCbcMac)},
      {"chacha20-poly1305", origin(&I::chacha20Poly1305)},
      {"camellia-cbc", origin(&I::camelliaCbc)},
      {"camellia-ctr", origin(&I::camelliaCtr)},
      {"3des-cbc", origin(&I::tripleDesCbc)},
      {"des-cbc", origin(&I::desCbc)},
      {"blowfish-cbc", origin(&I::blowfishCbc)},
      {"twofish-cbc", origin(&I::twofishCbc)},
      {"md5", origin(&I::md5)},
      {"sha1", origin(&I::sha1)},
      {"sha256", origin(&I::sha256)},
      {"sha384", origin(&I::sha384)},
      {"sha512", origin(&I::sha512)},
      {"aes-xcbc", origin(&I::aesCbcMac)},
      {"aes-cmac", origin(&I::aesCbcMac)},
  };
}

}  // namespace rp::crypto
