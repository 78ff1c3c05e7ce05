// The CBC ciphers and what they want of a key, for suites and by themselves.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "crypto/secret_block.h"
#include "crypto/suite.h"

namespace rp::crypto {

struct CipherKernel;

// Throws ArgumentError naming the property unless `got` is one of `wanted`.
void wantKeyBytes(const char* property, const char* algorithm, size_t got, std::initializer_list<size_t> wanted);

// The kernel and the block's length; nullptr if the algorithm is not a CBC cipher. Throws ArgumentError naming
// encryptionKey for a key that is too long, too short or weak.
struct CbcChoice {
  const CipherKernel* kernel = nullptr;
  uint8_t blockBytes = 0;
};
CbcChoice chooseCbc(Encryption encryption, std::span<const uint8_t> key, const Implementation& implementation);

// A CBC cipher without integrity of its own, for IKE's SK payload (RFC 7296 3.14). The key is wiped on destruction.
class CbcCipher {
 public:
  // Throws ArgumentError also for what is no CBC cipher.
  CbcCipher(Encryption encryption, std::span<const uint8_t> key, const Implementation& implementation);

  // In place. Throw ArgumentError unless the IV is one block long and the text whole blocks.
  void encrypt(std::span<const uint8_t> iv, std::span<uint8_t> text) const;
  void decrypt(std::span<const uint8_t> iv, std::span<uint8_t> text) const;

 private:
  void check(std::span<const uint8_t> iv, std::span<uint8_t> text) const;

  CbcChoice choice_;
  SecretBlock context_;
};

}  // namespace rp::crypto
