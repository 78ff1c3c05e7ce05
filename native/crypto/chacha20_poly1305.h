// ChaCha20-Poly1305 (RFC 8439 2.8) from a keystream of any width.
#pragma once
#include "crypto/kernel.h"
#include "crypto/poly1305_wide.h"

namespace rp::crypto {

struct ChaChaContext {
  uint32_t key[8];
};

// XORs the keystream from block `count` on into the text.
using ChaChaStream = void (*)(const uint32_t key[8], uint32_t count, const uint32_t nonce[3], uint8_t* text,
                              size_t bytes);

void expandChaCha(void* context, const uint8_t* key, size_t keyBytes);
void sealChaCha(const void* context, const AeadText& message, uint8_t tag[16], ChaChaStream stream,
                Poly1305Blocks blocks = nullptr);
void openChaCha(const void* context, const AeadText& message, uint8_t tag[16], ChaChaStream stream,
                Poly1305Blocks blocks = nullptr);

}  // namespace rp::crypto
