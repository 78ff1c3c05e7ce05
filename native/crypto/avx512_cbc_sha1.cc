// AES-CBC and HMAC's SHA-1 of sixteen messages in one pass.
#include "crypto/avx512_cbc_columns.h"
#include "crypto/avx512_cbc_open_columns.h"
#include "crypto/avx512_cbc_sha.h"
#include "crypto/compiled_by.h"

namespace rp::crypto {

const CbcHashKernel kAvx512CbcSha1 = {sealColumnsOfAnyKey<Sha1Rounds>, openColumnsOfAnyKey<Sha1Rounds>};

}  // namespace rp::crypto
