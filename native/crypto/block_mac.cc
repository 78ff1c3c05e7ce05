#include "crypto/block_mac.h"

#include "base/wipe.h"
#include "crypto/cbc_mac.h"

namespace rp::crypto {
namespace {

// RFC 4493 2.3: multiplication by x in GF(2^128), without a branch on the key.
void doubled(const uint8_t in[16], uint8_t out[16]) {
  const unsigned carry = in[0] >> 7;
  for (int i = 0; i < 15; i++) out[i] = uint8_t(in[i] << 1 | in[i + 1] >> 7);
  out[15] = uint8_t(in[15] << 1 ^ ((0u - carry) & 0x87));
}

}  // namespace

BlockMac::BlockMac(const CbcMacKernel& kernel, Kind kind, const uint8_t key[16])
    : kernel_(&kernel), context_(kernel.contextBytes) {
  kernel.expand(context_.get(), key, 16);
  if (kind == Kind::cmac) {
    const uint8_t zero[16] = {};
    uint8_t l[16] = {};
    kernel.absorb(context_.get(), l, zero, 1);
    doubled(l, whole_);
    doubled(whole_, padded_);
    wipe(l, sizeof l);
    return;
  }
  uint8_t derived[3][16] = {}, constant[16];
  for (int i = 0; i < 3; i++) {
    std::memset(constant, i + 1, sizeof constant);
    kernel.absorb(context_.get(), derived[i], constant, 1);
  }
  std::memset(context_.get(), 0, kernel.contextBytes);
  kernel.expand(context_.get(), derived[0], 16);
  std::memcpy(whole_, derived[1], 16);
  std::memcpy(padded_, derived[2], 16);
  wipe(derived, sizeof derived);
}

BlockMac::~BlockMac() {
  wipe(whole_, sizeof whole_);
  wipe(padded_, sizeof padded_);
}

MacJob BlockMac::job(const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes) const {
  MacJob j;
  j.context = context_.get();
  j.text = data;
  j.headBlocks = 0;
  j.tailBlocks = 1;
  std::memset(j.state, 0, sizeof j.state);
  std::memset(j.tail, 0, sizeof j.tail);
  // All but the last block, which is 1 to 16 bytes of data and suffix, and empty only if both are.
  const size_t total = bytes + suffixBytes;
  const size_t before = total == 0 ? 0 : (total - 1) / 16;
  j.textBlocks = before < bytes / 16 ? before : bytes / 16;
  const size_t rest = bytes - j.textBlocks * 16;
  if (rest > 0) std::memcpy(j.tail, data + j.textBlocks * 16, rest);
  if (suffixBytes > 0) std::memcpy(j.tail + rest, suffix, suffixBytes);
  size_t last = rest + suffixBytes;
  uint8_t* block = j.tail;
  if (last > 16) {
    j.tailBlocks = 2;
    block += 16;
    last -= 16;
  }
  if (last < 16) block[last] = 0x80;
  const uint8_t* mask = last < 16 ? padded_ : whole_;
  for (int i = 0; i < 16; i++) block[i] ^= mask[i];
  return j;
}

void BlockMac::mac(const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes,
                   uint8_t mac[16]) const {
  MacJob j = job(data, bytes, suffix, suffixBytes);
  absorb(*kernel_, j);
  std::memcpy(mac, j.state, 16);
}

}  // namespace rp::crypto
