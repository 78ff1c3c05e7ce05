#include "crypto/chacha20_poly1305.h"

#include "base/bytes.h"
#include "base/wipe.h"
#include "crypto/chacha20_wide.h"
#include "crypto/poly1305.h"
#include "crypto/portable.h"

namespace rp::crypto {
namespace {

void tagOf(const uint8_t key[32], const AeadText& m, uint8_t tag[16], Poly1305Blocks blocks) {
  Poly1305 mac(key, blocks);
  mac.absorb(m.aad, m.aadBytes);
  mac.absorb(m.text, m.textBytes);
  uint8_t lengths[16];
  store(lengths, uint64_t(m.aadBytes));
  store(lengths + 8, uint64_t(m.textBytes));
  mac.absorb(lengths, 16);
  mac.finish(tag);
  wipe(&mac, sizeof mac);
}

// Four lanes: one SSE2 or NEON register each.
using Narrow = ChaCha20<4>;

void seal(const void* context, const AeadText& m, uint8_t tag[16]) { sealChaCha(context, m, tag, Narrow::apply); }
void open(const void* context, const AeadText& m, uint8_t tag[16]) { openChaCha(context, m, tag, Narrow::apply); }

}  // namespace

void expandChaCha(void* context, const uint8_t* key, size_t keyBytes) {
  std::memcpy(static_cast<ChaChaContext*>(context)->key, key, keyBytes);
}

namespace {

// The beginning of the keystream: block 0, whose first half is Poly1305's key, and what follows it in the same go of
// the widest kernel, so that a short packet takes no second one.
class Beginning {
 public:
  Beginning(const void* context, const AeadText& m, ChaChaStream stream)
      : key_(static_cast<const ChaChaContext*>(context)->key), stream_(stream) {
    std::memcpy(nonce_, m.nonce, 12);
    bytes_ = m.textBytes < kText ? m.textBytes : kText;
    std::memset(blocks_, 0, 64 + bytes_);
    stream_(key_, 0, nonce_, blocks_, 64 + bytes_);
  }
  ~Beginning() { wipe(blocks_, 64 + bytes_); }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;

  const uint8_t* macKey() const { return blocks_; }
  void apply(uint8_t* text, size_t bytes) const {
    size_t i = 0;
    for (; i + 8 <= bytes_; i += 8) store(text + i, load<uint64_t>(text + i) ^ load<uint64_t>(blocks_ + 64 + i));
    for (; i < bytes_; i++) text[i] ^= blocks_[64 + i];
    if (bytes > bytes_) stream_(key_, 1 + kText / 64, nonce_, text + bytes_, bytes - bytes_);
  }

 private:
  static constexpr size_t kText = 15 * 64;
  const uint32_t* key_;
  ChaChaStream stream_;
  uint32_t nonce_[3];
  size_t bytes_;
  alignas(64) uint8_t blocks_[64 + kText];
};

}  // namespace

void sealChaCha(const void* context, const AeadText& m, uint8_t tag[16], ChaChaStream stream, Poly1305Blocks blocks) {
  const Beginning beginning(context, m, stream);
  beginning.apply(m.text, m.textBytes);
  tagOf(beginning.macKey(), m, tag, blocks);
}

void openChaCha(const void* context, const AeadText& m, uint8_t tag[16], ChaChaStream stream, Poly1305Blocks blocks) {
  const Beginning beginning(context, m, stream);
  tagOf(beginning.macKey(), m, tag, blocks);
  beginning.apply(m.text, m.textBytes);
}

const AeadKernel kPortableChacha20Poly1305 = {sizeof(ChaChaContext), expandChaCha, seal, open};

}  // namespace rp::crypto
