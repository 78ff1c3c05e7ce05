// Camellia with AVX2 and VAES.
#include "crypto/camellia_aes.h"
#include "crypto/camellia_x86.h"
#include "crypto/compiled_by.h"

namespace rp::crypto {
namespace {

struct VaesBoxes {
  static V subBytes(V x) { return _mm256_aesenclast_epi128(x, _mm256_setzero_si256()); }
  static V invSubBytes(V x) { return _mm256_aesdeclast_epi128(x, _mm256_setzero_si256()); }
};

}  // namespace

const CipherKernel kVaesCamelliaCbc = camelliaAesCbc<VaesBoxes>();
const CipherKernel kVaesCamelliaCtr = camelliaAesCtr<VaesBoxes>();

}  // namespace rp::crypto
