// Poly1305 (RFC 8439 2.5) for the AEAD construction, in which every part is padded to whole blocks.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/poly1305_wide.h"

namespace rp::crypto {

// Not secret for longer than one message: the key is used once.
class Poly1305 {
 public:
  // `wide` is for whole groups of eight blocks, and may be nullptr.
  explicit Poly1305(const uint8_t key[32], Poly1305Blocks wide = nullptr);
  // Absorbs `bytes`, the last block padded with zeros to sixteen.
  void absorb(const uint8_t* data, size_t bytes);
  void finish(uint8_t tag[16]);

 private:
  void block(const uint8_t* data);
#ifdef __SIZEOF_INT128__
  uint64_t h_[3] = {}, r_[2], s_;
#else
  uint32_t h_[5] = {}, r_[4], s_[4];
#endif
  uint32_t pad_[4];
  Poly1305Blocks wide_;
};

}  // namespace rp::crypto
