#include "crypto/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) || defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "crypto/implementation.h"

namespace rp::crypto {
namespace {

#if defined(__x86_64__)

// The state that the operating system saves on a context switch (XCR0).
unsigned savedState() {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// "Hygo", which gcc 12's cpuid.h does not name.
constexpr unsigned kHygon = 0x6f677948;

CpuFeatures probe() {
  CpuFeatures f;
  unsigned a, b, c, d;
  f.slowClmul = __get_cpuid(0, &a, &b, &c, &d) && (b == signature_AMD_ebx || b == kHygon);
  if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
  f.sse41 = (c & bit_SSE4_1) && (c & bit_SSSE3);
  f.aes = c & bit_AES;
  f.pclmulqdq = c & bit_PCLMUL;
  const unsigned saved = (c & bit_OSXSAVE) ? savedState() : 0;
  const bool ymm = (c & bit_AVX) && (saved & 0x06) == 0x06;
  const bool zmm = ymm && (saved & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return f;
  f.sha = b & bit_SHA;
  f.avx2 = ymm && (b & bit_AVX2);
  const unsigned wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ | bit_BMI | bit_BMI2;
  f.avx512 = zmm && (b & wanted) == wanted;
  f.avx512ifma = f.avx512 && (b & bit_AVX512IFMA);
  f.avx512vbmi = f.avx512 && (c & bit_AVX512VBMI);
  f.gfni = ymm && (c & bit_GFNI);
  f.vaes = ymm && (c & bit_VAES);
  f.vpclmulqdq = ymm && (c & bit_VPCLMULQDQ);
  return f;
}

#elif defined(__aarch64__)

CpuFeatures probe() {
  CpuFeatures f;
  const unsigned long caps = getauxval(AT_HWCAP);
  f.armAes = caps & HWCAP_AES;
  f.armPmull = caps & HWCAP_PMULL;
  f.armSha1 = caps & HWCAP_SHA1;
  f.armSha2 = caps & HWCAP_SHA2;
  f.armSha512 = caps & HWCAP_SHA512;
  return f;
}

#elif defined(__arm__)

CpuFeatures probe() {
  CpuFeatures f;
  const unsigned long caps = getauxval(AT_HWCAP2);
  f.armAes = caps & HWCAP2_AES;
  f.armPmull = caps & HWCAP2_PMULL;
  f.armSha1 = caps & HWCAP2_SHA1;
  f.armSha2 = caps & HWCAP2_SHA2;
  return f;
}

#else

CpuFeatures probe() { return {}; }

#endif

}  // namespace

const CpuFeatures& cpu() {
  static const CpuFeatures features = probe();
  return features;
}

std::vector<std::string> cpuFeatures() {
  const CpuFeatures& f = cpu();
  std::vector<std::string> names;
  const auto add = [&](bool has, const char* name) {
    if (has) names.emplace_back(name);
  };
  add(f.aes || f.armAes, "aes");
  add(f.pclmulqdq, "pclmulqdq");
  add(f.armPmull, "pmull");
  add(f.sse41, "sse4_1");
  add(f.sha, "sha_ni");
  add(f.armSha1, "sha1");
  add(f.armSha2, "sha2");
  add(f.armSha512, "sha512");
  add(f.avx2, "avx2");
  add(f.avx512, "avx512");
  add(f.avx512ifma, "avx512ifma");
  add(f.avx512vbmi, "avx512vbmi");
  add(f.gfni, "gfni");
  add(f.vaes, "vaes");
  add(f.vpclmulqdq, "vpclmulqdq");
  return names;
}

}  // namespace rp::crypto
