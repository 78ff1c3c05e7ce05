// ChaCha20 with 16 blocks at a time.
#include "crypto/chacha20_avx512.h"

#include "crypto/chacha20_x86.h"

namespace rp::crypto {
namespace {

using Wide = ChaCha512;

void seal(const void* context, const AeadText& m, uint8_t tag[16]) { sealChaCha(context, m, tag, Wide::apply); }
void open(const void* context, const AeadText& m, uint8_t tag[16]) { openChaCha(context, m, tag, Wide::apply); }

}  // namespace

const AeadKernel kAvx512Chacha20Poly1305 = {sizeof(ChaChaContext), expandChaCha, seal, open};

}  // namespace rp::crypto
