// An AEAD for any use: nonce, associated data and text wherever they are, the tag behind the text (RFC 5116).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/kernel.h"
#include "crypto/secret_block.h"

namespace rp::crypto {

// One message. The tag stands behind the text: `text` has room for tagBytes() more.
struct AeadInput {
  const uint8_t* nonce;  // Aead::kNonceBytes
  std::span<const uint8_t> aad;
  uint8_t* text;
  size_t textBytes;
};

// Immutable after construction, so any number of threads may use it. Wiped on destruction.
class Aead {
 public:
  static constexpr size_t kNonceBytes = 12;

  // aes-128-gcm, aes-192-gcm, aes-256-gcm with tags of 8, 12 or 16 bytes; chacha20-poly1305 with 16. Throws
  // ArgumentError naming the property. `implementation` may be nullptr: the fastest.
  Aead(std::string_view algorithm, std::span<const uint8_t> key, size_t tagBytes, const Implementation* implementation);

  // A nonce must never repeat under one key.
  void seal(const AeadInput& message) const;
  // Compares the tag in constant time. False: forged, and the text is zeroed.
  bool open(const AeadInput& message) const;

  size_t tagBytes() const { return tagBytes_; }
  const Implementation& implementation() const { return *implementation_; }

 private:
  const Implementation* implementation_;
  const AeadKernel* kernel_;
  SecretBlock context_;
  size_t tagBytes_;
};

}  // namespace rp::crypto
