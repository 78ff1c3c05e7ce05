// Camellia with AVX2 and AES-NI.
#include "crypto/camellia_aes.h"
#include "crypto/camellia_x86.h"
#include "crypto/compiled_by.h"

namespace rp::crypto {
namespace {

struct AesniBoxes {
  static V subBytes(V x) {
    const __m128i zero = _mm_setzero_si128();
    return _mm256_set_m128i(_mm_aesenclast_si128(_mm256_extracti128_si256(x, 1), zero),
                            _mm_aesenclast_si128(_mm256_castsi256_si128(x), zero));
  }
  static V invSubBytes(V x) {
    const __m128i zero = _mm_setzero_si128();
    return _mm256_set_m128i(_mm_aesdeclast_si128(_mm256_extracti128_si256(x, 1), zero),
                            _mm_aesdeclast_si128(_mm256_castsi256_si128(x), zero));
  }
};

}  // namespace

const CipherKernel kAesniCamelliaCbc = camelliaAesCbc<AesniBoxes>();
const CipherKernel kAesniCamelliaCtr = camelliaAesCtr<AesniBoxes>();

}  // namespace rp::crypto
