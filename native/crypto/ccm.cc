#include "crypto/ccm.h"

#include "base/bytes.h"
#include "crypto/cbc_mac.h"

namespace rp::crypto {

Ccm::Ccm(const CbcMacKernel& mac, const CipherKernel& ctr, const uint8_t* key, size_t keyBytes, uint8_t icvBytes)
    : mac_(&mac), ctr_(&ctr), macContext_(mac.contextBytes), ctrContext_(ctr.contextBytes), icvBytes_(icvBytes) {
  mac.expand(macContext_.get(), key, keyBytes);
  ctr.expand(ctrContext_.get(), key, keyBytes);
}

// RFC 3610 2.2: B_0 is flags | nonce | length of the text; then the length of the aad and the aad,
// padded with zeros; then the text, padded with zeros.
MacJob Ccm::job(const AeadText& m) const {
  MacJob j;
  j.context = macContext_.get();
  j.text = m.text;
  j.textBlocks = m.textBytes / 16;
  j.headBlocks = 1;
  j.tailBlocks = 0;
  std::memset(j.state, 0, sizeof j.state);
  j.head[0] = uint8_t((m.aadBytes > 0 ? 0x40 : 0) | (icvBytes_ - 2) / 2 << 3 | 3);
  std::memcpy(j.head + 1, m.nonce, kNonceBytes);
  storeBe32(j.head + 12, uint32_t(m.textBytes));
  uint8_t* const block = j.head + 16;
  std::memset(block, 0, 16);
  if (m.aadBytes > 0 && m.aadBytes <= 14) {
    storeBe16(block, uint16_t(m.aadBytes));
    std::memcpy(block + 2, m.aad, m.aadBytes);
    j.headBlocks = 2;
  } else if (m.aadBytes > 0) {
    absorbLongAad(m, j);
  }
  if (const size_t rest = m.textBytes % 16; rest > 0) {
    std::memset(j.tail, 0, 16);
    std::memcpy(j.tail, m.text + 16 * j.textBlocks, rest);
    j.tailBlocks = 1;
  }
  return j;
}

// More than ESP ever has: what is before the text goes into the state here.
void Ccm::absorbLongAad(const AeadText& m, MacJob& j) const {
  mac_->absorb(j.context, j.state, j.head, 1);
  j.headBlocks = 0;
  uint8_t block[16] = {};
  size_t at = 2;
  if (m.aadBytes < 0xff00) {
    storeBe16(block, uint16_t(m.aadBytes));
  } else {
    storeBe16(block, 0xfffe);
    storeBe32(block + 2, uint32_t(m.aadBytes));
    at = 6;
  }
  for (size_t i = 0; i < m.aadBytes; i++) {
    block[at++] = m.aad[i];
    if (at < 16) continue;
    mac_->absorb(j.context, j.state, block, 1);
    std::memset(block, 0, 16);
    at = 0;
  }
  if (at > 0) mac_->absorb(j.context, j.state, block, 1);
}

// Counter 0 masks the tag, the text begins with counter 1 (RFC 3610 2.3).
void Ccm::crypt(const AeadText& m) const {
  uint8_t counter[16] = {3};
  std::memcpy(counter + 1, m.nonce, kNonceBytes);
  counter[15] = 1;
  ctr_->encrypt(ctrContext_.get(), counter, m.text, m.textBytes);
}
void Ccm::mask(const AeadText& m, uint8_t tag[16]) const {
  uint8_t counter[16] = {3};
  std::memcpy(counter + 1, m.nonce, kNonceBytes);
  ctr_->encrypt(ctrContext_.get(), counter, tag, 16);
}

void Ccm::seal(const AeadText& m, uint8_t tag[16]) const {
  MacJob j = job(m);
  absorb(*mac_, j);
  std::memcpy(tag, j.state, 16);
  mask(m, tag);
  crypt(m);
}

void Ccm::open(const AeadText& m, uint8_t tag[16]) const {
  crypt(m);
  MacJob j = job(m);
  absorb(*mac_, j);
  std::memcpy(tag, j.state, 16);
  mask(m, tag);
}

}  // namespace rp::crypto
