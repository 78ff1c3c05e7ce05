#include "crypto/aead.h"

#include <cstring>
#include <string>

#include "base/equal.h"
#include "base/error.h"
#include "crypto/implementation.h"

namespace rp::crypto {
namespace {

struct Algorithm {
  std::string_view name;
  AeadKernel Implementation::* kernel;
  size_t keyBytes;
  bool shortTags;  // RFC 4106 6; RFC 8439 has none
};
constexpr Algorithm kAlgorithms[] = {
    {"aes-128-gcm", &Implementation::aesGcm, 16, true},
    {"aes-192-gcm", &Implementation::aesGcm, 24, true},
    {"aes-256-gcm", &Implementation::aesGcm, 32, true},
    {"chacha20-poly1305", &Implementation::chacha20Poly1305, 32, false},
};

const Algorithm& find(std::string_view name) {
  std::string known;
  for (const Algorithm& a : kAlgorithms) {
    if (a.name == name) return a;
    known += (known.empty() ? "" : ", ") + std::string(a.name);
  }
  throw ArgumentError("algorithm: \"" + std::string(name) + "\" is none of " + known);
}

AeadText textOf(const AeadInput& m) {
  AeadText text;
  text.aad = m.aad.data();
  text.aadBytes = m.aad.size();
  std::memcpy(text.nonce, m.nonce, Aead::kNonceBytes);
  text.text = m.text;
  text.textBytes = m.textBytes;
  return text;
}

}  // namespace

Aead::Aead(std::string_view algorithm, std::span<const uint8_t> key, size_t tagBytes, const Implementation* wanted)
    : implementation_(wanted != nullptr ? wanted : &defaultImplementation()), tagBytes_(tagBytes) {
  const Algorithm& a = find(algorithm);
  if (key.size() != a.keyBytes) {
    throw ArgumentError("key: " + std::string(a.name) + " wants " + std::to_string(a.keyBytes) + " bytes, got " +
                        std::to_string(key.size()));
  }
  if (tagBytes != 16 && !(a.shortTags && (tagBytes == 8 || tagBytes == 12))) {
    throw ArgumentError("tagBytes: " + std::string(a.name) + " has " + (a.shortTags ? "8, 12 or 16" : "16") + ", got " +
                        std::to_string(tagBytes));
  }
  kernel_ = &(implementation_->*a.kernel);
  context_ = SecretBlock(kernel_->contextBytes);
  kernel_->expand(context_.get(), key.data(), key.size());
}

void Aead::seal(const AeadInput& m) const {
  uint8_t tag[16];
  kernel_->seal(context_.get(), textOf(m), tag);
  std::memcpy(m.text + m.textBytes, tag, tagBytes_);
}

bool Aead::open(const AeadInput& m) const {
  uint8_t tag[16];
  // One pass decrypts while it authenticates, so a forgery's text has to go.
  kernel_->open(context_.get(), textOf(m), tag);
  if (equal(tag, m.text + m.textBytes, tagBytes_)) return true;
  std::memset(m.text, 0, m.textBytes);
  return false;
}

}  // namespace rp::crypto
