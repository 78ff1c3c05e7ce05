// AES-CBC and HMAC's SHA-256 of sixteen messages in one pass.
#include "crypto/avx512_cbc_columns.h"
#include "crypto/avx512_cbc_open_columns.h"
#include "crypto/avx512_cbc_sha.h"
#include "crypto/compiled_by.h"

namespace rp::crypto {

const CbcHashKernel kAvx512CbcSha256 = {sealColumnsOfAnyKey<Sha256Rounds>, openColumnsOfAnyKey<Sha256Rounds>};

}  // namespace rp::crypto
