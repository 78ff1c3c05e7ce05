// What this CPU and its operating system let us use.
#pragma once
#include <string>
#include <vector>

namespace rp::crypto {

struct CpuFeatures {
  bool aes = false, pclmulqdq = false, sse41 = false, sha = false, avx2 = false, avx512 = false, avx512ifma = false;
  bool vaes = false, vpclmulqdq = false, avx512vbmi = false, gfni = false;
  // A carry-less product costs more than the shuffling that saves one (AMD): three products beat four.
  bool slowClmul = false;
  bool armAes = false, armPmull = false, armSha1 = false, armSha2 = false, armSha512 = false;
};

const CpuFeatures& cpu();

}  // namespace rp::crypto
