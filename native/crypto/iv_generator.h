// Unpredictable IVs for CBC (RFC 3602 3) without a system call per packet.
#pragma once
#include <cstdint>
#include <memory>

namespace rp::crypto {

struct Implementation;

// AES under a random key of its own over a counter: a permutation, so no IV comes twice, and to whoever lacks the key
// the next one looks random (NIST SP 800-38A appendix C, method 1).
class IvGenerator {
 public:
  // Throws SystemError if the system gives no entropy.
  explicit IvGenerator(const Implementation& implementation);
  ~IvGenerator();
  // The caller never uses one `counter` twice. Ciphers of 8-byte blocks take the first half.
  void generate(uint64_t counter, uint8_t iv[16]) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

}  // namespace rp::crypto
