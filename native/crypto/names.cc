#include <string>

#include "base/error.h"
#include "crypto/suite.h"

namespace rp::crypto {
namespace {

constexpr const char* kEncryptions[] = {"null",         "des-cbc",     "3des-cbc",     "aes-cbc",
                                        "aes-ctr",      "aes-gcm",     "aes-ccm",      "chacha20-poly1305",
                                        "blowfish-cbc", "twofish-cbc", "camellia-cbc", "camellia-ctr",
                                        "null-aes-gmac"};
constexpr const char* kIntegrities[] = {"none",       "md5-96",     "sha1-96",     "sha256-128",
                                        "sha384-192", "sha512-256", "aes-xcbc-96", "aes-cmac-96"};

}  // namespace

const char* name(Encryption e) { return kEncryptions[size_t(e)]; }
const char* name(Integrity i) { return kIntegrities[size_t(i)]; }

Encryption toEncryption(std::string_view wanted) {
  for (size_t i = 0; i < std::size(kEncryptions); i++) {
    if (wanted == kEncryptions[i]) return Encryption(i);
  }
  throw ArgumentError("encryption: no such algorithm: " + std::string(wanted));
}

Integrity toIntegrity(std::string_view wanted) {
  for (size_t i = 0; i < std::size(kIntegrities); i++) {
    if (wanted == kIntegrities[i]) return Integrity(i);
  }
  throw ArgumentError("integrity: no such algorithm: " + std::string(wanted));
}

}  // namespace rp::crypto
