// The sums of checksum.h with wider registers. This header goes into units that are compiled for wider instruction
// sets, so it includes nothing with inline code.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace rp::dataplane {

uint64_t avx512Sum(const uint8_t* p, size_t n);
uint64_t avx512CopyAndSum(uint8_t* to, const uint8_t* from, size_t n);
uint64_t avx2Sum(const uint8_t* p, size_t n);
uint64_t avx2CopyAndSum(uint8_t* to, const uint8_t* from, size_t n);

}  // namespace rp::dataplane
