// AES-CTR and the decryption of AES-CBC with four blocks to a register.
#include "crypto/aes_modes.h"
#include "crypto/aesni_isa.h"
#include "crypto/avx512.h"
#include "crypto/avx512_rounds.h"

namespace rp::crypto {
namespace {

void expandCtr(void* context, const uint8_t* key, size_t keyBytes) {
  aesniExpand(*static_cast<AesniKey*>(context), key, keyBytes);
}

template <int kRounds>
inline void ctrRounds(const AesniKey& key, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  const __m512i one = _mm512_set_epi32(0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0);
  const __m512i four = _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4);
  __m512i counter = _mm512_add_epi32(spreadBlock(reverseBytes(loadBlock(iv))), one);
  while (bytes > 0) {
    __m512i s[4];
    for (auto& block : s) {
      block = reverseEach(counter);
      counter = _mm512_add_epi32(counter, four);
    }
    if (bytes > 64) {
      encryptWide<kRounds, 4>(key.rounds, s);
    } else {
      encryptWide<kRounds, 1>(key.rounds, s);
    }
    for (int i = 0; i < 4 && bytes > 0; i++) {
      const __mmask64 mask = firstBytes(bytes);
      _mm512_mask_storeu_epi8(text, mask, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, text), s[i]));
      const size_t n = bytes < 64 ? bytes : 64;
      text += n;
      bytes -= n;
    }
  }
}

void ctr(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  const auto& key = *static_cast<const AesniKey*>(context);
  withRounds(key.count, [&](auto rounds) { ctrRounds<decltype(rounds)::value>(key, iv, text, bytes); });
}

// Encryption is serial inside a message and has nothing to gain from wide registers there.
using Modes = AesModes<Aesni>;

void cbcDecrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  const AesniKey& key = static_cast<const Modes::CbcContext*>(context)->inverse;
  // The ciphertext of the blocks before, its last block on top.
  __m512i before = _mm512_inserti32x4(_mm512_setzero_si512(), loadBlock(iv), 3);
  while (bytes >= 16) {
    __m512i in[4], x[4];
    __mmask64 mask[4];
    const __m512i first = spreadBlock(key.rounds[0]), last = spreadBlock(key.rounds[key.count]);
    for (int i = 0; i < 4; i++) {
      mask[i] = bytes > 64 * size_t(i) ? firstBytes(bytes - 64 * size_t(i)) : 0;
      in[i] = _mm512_maskz_loadu_epi8(mask[i], text + 64 * i);
      x[i] = _mm512_xor_si512(in[i], first);
    }
    for (uint32_t r = 1; r < key.count; r++) {
      const __m512i k = spreadBlock(key.rounds[r]);
      for (auto& block : x) block = _mm512_aesdec_epi128(block, k);
    }
    for (int i = 0; i < 4; i++) {
      x[i] = _mm512_xor_si512(_mm512_aesdeclast_epi128(x[i], last), _mm512_alignr_epi64(in[i], before, 6));
      before = in[i];
      _mm512_mask_storeu_epi8(text + 64 * i, mask[i], x[i]);
    }
    const size_t n = bytes < 256 ? bytes : 256;
    text += n;
    bytes -= n;
  }
}

}  // namespace

const CipherKernel kAvx512Cbc = {sizeof(Modes::CbcContext), Modes::expandCbc, Modes::cbcEncrypt, cbcDecrypt,
                                 avx512CbcEncryptMany};
const CipherKernel kAvx512Ctr = {sizeof(AesniKey), expandCtr, ctr, ctr};

}  // namespace rp::crypto
