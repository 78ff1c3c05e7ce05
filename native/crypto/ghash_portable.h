// GHASH (NIST SP 800-38D 6.4) without tables and without carry-less multiply instructions.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

// Absorbs `bytes` at `data`, the last block padded with zeros, into `y`, under the hash key `h`.
void ghash(uint8_t y[16], const uint8_t h[16], const uint8_t* data, size_t bytes);

}  // namespace rp::crypto
