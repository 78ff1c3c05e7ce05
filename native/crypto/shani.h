// The hash kernels for CPUs with the SHA extensions.
#pragma once
#include "crypto/kernel.h"

namespace rp::crypto {

void shaniSha1(void* state, const uint8_t* data, size_t blocks);
void shaniSha256(void* state, const uint8_t* data, size_t blocks);

// Two messages at a time: the instructions of one fill the latency of the other's.
void shaniSha256Lanes(void* state, const uint8_t* const* data, size_t blocks);

}  // namespace rp::crypto
