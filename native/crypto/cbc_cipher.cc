#include "crypto/cbc_cipher.h"

#include <string>

#include "base/error.h"
#include "crypto/des.h"
#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

// RFC 2405 and RFC 2451 2.3. Blowfish's weak keys are not among them: one in 2^15 is, the peer would not refuse it, and
// no attack on the full cipher uses them.
void wantStrongDes(Encryption encryption, std::span<const uint8_t> key) {
  if (!desWeak(key.data(), key.size())) return;
  throw ArgumentError(std::string("encryptionKey: a weak key of ") + name(encryption));
}

}  // namespace

void wantKeyBytes(const char* property, const char* algorithm, size_t got, std::initializer_list<size_t> wanted) {
  std::string list;
  size_t i = 0;
  for (const size_t w : wanted) {
    if (w == got) return;
    if (i > 0) list += i + 1 == wanted.size() ? " or " : ", ";
    list += std::to_string(w);
    i++;
  }
  throw ArgumentError(std::string(property) + ": " + algorithm + " wants " + list + " bytes, got " +
                      std::to_string(got));
}

CbcChoice chooseCbc(Encryption encryption, std::span<const uint8_t> key, const Implementation& i) {
  const auto want = [&](std::initializer_list<size_t> sizes) {
    wantKeyBytes("encryptionKey", name(encryption), key.size(), sizes);
  };
  switch (encryption) {
    case Encryption::aesCbc:
      want({16, 24, 32});
      return {&i.aesCbc, 16};
    case Encryption::desCbc:
      want({8});
      wantStrongDes(encryption, key);
      return {&i.desCbc, 8};
    case Encryption::tripleDesCbc:
      want({24});
      wantStrongDes(encryption, key);
      return {&i.tripleDesCbc, 8};
    case Encryption::blowfishCbc:
      if (key.size() < 5 || key.size() > 56) {
        throw ArgumentError("encryptionKey: blowfish-cbc wants 5 to 56 bytes, got " + std::to_string(key.size()));
      }
      return {&i.blowfishCbc, 8};
    case Encryption::twofishCbc:
      want({16, 24, 32});
      return {&i.twofishCbc, 16};
    case Encryption::camelliaCbc:
      want({16, 24, 32});
      return {&i.camelliaCbc, 16};
    default:
      return {};
  }
}

CbcCipher::CbcCipher(Encryption encryption, std::span<const uint8_t> key, const Implementation& implementation)
    : choice_(chooseCbc(encryption, key, implementation)) {
  if (choice_.kernel == nullptr) throw ArgumentError(std::string("encryption: no CBC cipher: ") + name(encryption));
  context_ = SecretBlock(choice_.kernel->contextBytes);
  choice_.kernel->expand(context_.get(), key.data(), key.size());
}

void CbcCipher::check(std::span<const uint8_t> iv, std::span<uint8_t> text) const {
  const size_t block = choice_.blockBytes;
  if (iv.size() != block) throw ArgumentError("iv: " + std::to_string(block) + " bytes wanted");
  if (text.size() % block != 0) throw ArgumentError("text: not a multiple of " + std::to_string(block) + " bytes");
}

void CbcCipher::encrypt(std::span<const uint8_t> iv, std::span<uint8_t> text) const {
  check(iv, text);
  choice_.kernel->encrypt(context_.get(), iv.data(), text.data(), text.size());
}

void CbcCipher::decrypt(std::span<const uint8_t> iv, std::span<uint8_t> text) const {
  check(iv, text);
  choice_.kernel->decrypt(context_.get(), iv.data(), text.data(), text.size());
}

}  // namespace rp::crypto
