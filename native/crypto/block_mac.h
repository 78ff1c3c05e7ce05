// AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493, in ESP RFC 4494): CBC-MACs whose last block is masked.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"
#include "crypto/secret_block.h"

namespace rp::crypto {

class BlockMac {
 public:
  enum class Kind : uint8_t { xcbc, cmac };
  BlockMac() = default;
  BlockMac(const CbcMacKernel& kernel, Kind kind, const uint8_t key[16]);
  ~BlockMac();
  BlockMac(BlockMac&&) = default;
  BlockMac& operator=(BlockMac&&) = default;

  // Of `data` and then `suffix` (at most 16 bytes, may be none).
  void mac(const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes, uint8_t mac[16]) const;

  const CbcMacKernel* kernel() const { return kernel_; }
  // What is left to do for the MAC, which will be in `state`.
  MacJob job(const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes) const;

 private:
  const CbcMacKernel* kernel_ = nullptr;
  SecretBlock context_;
  uint8_t whole_[16] = {}, padded_[16] = {};  // masks of a last block that is full, that is not
};

}  // namespace rp::crypto
