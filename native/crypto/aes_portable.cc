// AES-CBC, AES-CTR and AES-GCM over the bitsliced cipher.
#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/aes_bitsliced.h"
#include "crypto/ghash_portable.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

void expandAes(void* context, const uint8_t* key, size_t keyBytes) {
  bitslicedExpand(*static_cast<BitslicedAes*>(context), key, keyBytes);
}
void cbcEncrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  bitslicedCbcEncrypt(*static_cast<const BitslicedAes*>(context), iv, text, bytes);
}
void cbcDecrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  bitslicedCbcDecrypt(*static_cast<const BitslicedAes*>(context), iv, text, bytes);
}
void ctr(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  bitslicedCtr(*static_cast<const BitslicedAes*>(context), iv, text, bytes);
}

void absorb(const void* context, uint8_t state[16], const uint8_t* data, size_t blocks) {
  const auto& key = *static_cast<const BitslicedAes*>(context);
  for (; blocks > 0; data += 16, blocks--) {
    for (int i = 0; i < 16; i++) state[i] ^= data[i];
    bitslicedBlock(key, state, state);
  }
}

struct GcmContext {
  BitslicedAes aes;
  uint8_t h[16];
};

void expandGcm(void* context, const uint8_t* key, size_t keyBytes) {
  auto& gcm = *static_cast<GcmContext*>(context);
  bitslicedExpand(gcm.aes, key, keyBytes);
  const uint8_t zero[16] = {};
  bitslicedBlock(gcm.aes, zero, gcm.h);
}

void tagOf(const GcmContext& gcm, const AeadText& m, uint8_t counter[16], uint8_t tag[16]) {
  uint8_t y[16] = {}, lengths[16];
  storeBe64(lengths, uint64_t(m.aadBytes) * 8);
  storeBe64(lengths + 8, uint64_t(m.textBytes) * 8);
  ghash(y, gcm.h, m.aad, m.aadBytes);
  ghash(y, gcm.h, m.text, m.textBytes);
  ghash(y, gcm.h, lengths, 16);
  counter[15] = 1;
  bitslicedBlock(gcm.aes, counter, tag);
  for (int i = 0; i < 16; i++) tag[i] ^= y[i];
}

void seal(const void* context, const AeadText& m, uint8_t tag[16]) {
  const auto& gcm = *static_cast<const GcmContext*>(context);
  uint8_t counter[16] = {};
  std::memcpy(counter, m.nonce, 12);
  counter[15] = 2;
  bitslicedCtr(gcm.aes, counter, m.text, m.textBytes);
  tagOf(gcm, m, counter, tag);
}
void open(const void* context, const AeadText& m, uint8_t tag[16]) {
  const auto& gcm = *static_cast<const GcmContext*>(context);
  uint8_t counter[16] = {};
  std::memcpy(counter, m.nonce, 12);
  tagOf(gcm, m, counter, tag);
  counter[15] = 2;
  bitslicedCtr(gcm.aes, counter, m.text, m.textBytes);
}

}  // namespace

const CipherKernel kPortableAesCbc = {sizeof(BitslicedAes), expandAes, cbcEncrypt, cbcDecrypt};
const CipherKernel kPortableAesCtr = {sizeof(BitslicedAes), expandAes, ctr, ctr};
const CbcMacKernel kPortableAesCbcMac = {sizeof(BitslicedAes), expandAes, absorb};
const AeadKernel kPortableAesGcm = {sizeof(GcmContext), expandGcm, seal, open};

}  // namespace rp::crypto
