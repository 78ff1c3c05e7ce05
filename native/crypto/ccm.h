// AES-CCM (NIST SP 800-38C) with the 11-byte nonce and 4-byte length of ESP (RFC 4309).
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"
#include "crypto/secret_block.h"

namespace rp::crypto {

class Ccm {
 public:
  static constexpr size_t kSaltBytes = 3;  // RFC 4309 4
  Ccm() = default;
  Ccm(const CbcMacKernel& mac, const CipherKernel& ctr, const uint8_t* key, size_t keyBytes, uint8_t icvBytes);

  // The nonce is the first 11 bytes of the message's. The tag's length is part of what is authenticated.
  void seal(const AeadText& message, uint8_t tag[16]) const;
  void open(const AeadText& message, uint8_t tag[16]) const;

  // The parts, for batches: the CBC-MAC of a text that is not encrypted, its mask, and the text itself, either way.
  const CbcMacKernel* kernel() const { return mac_; }
  MacJob job(const AeadText& message) const;
  void mask(const AeadText& message, uint8_t tag[16]) const;
  void crypt(const AeadText& message) const;

 private:
  static constexpr size_t kNonceBytes = 11;
  void absorbLongAad(const AeadText& message, MacJob& job) const;

  const CbcMacKernel* mac_ = nullptr;
  const CipherKernel* ctr_ = nullptr;
  SecretBlock macContext_, ctrContext_;
  uint8_t icvBytes_ = 0;
};

}  // namespace rp::crypto
