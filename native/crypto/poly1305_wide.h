// Poly1305's blocks by the group, for CPUs that multiply several limbs at once.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::crypto {

// h = (...((h + m[0]) r + m[1]) r ...) r over `blocks` of data, a multiple of eight, each with its high bit set. `h` and
// `r` are in limbs of 64 bits, h[2] small.
using Poly1305Blocks = void (*)(uint64_t h[3], const uint64_t r[2], const uint8_t* data, size_t blocks);

}  // namespace rp::crypto
