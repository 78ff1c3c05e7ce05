// Counters that carry and wrap, against keystream that the portable cipher makes block by block from counters which are
// written out here: the 32 bits of CTR (RFC 3686 4) wrap into nothing else; those of GCM (NIST SP 800-38D 6.2, inc32)
// and of ChaCha20 (RFC 8439 2.3) carry through all their bytes in long messages.
#include <cstdlib>

#include "base/bytes.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "test/check.h"
#include "test/random.h"

using namespace rp::crypto;
using rp::loadBe32;
using rp::storeBe32;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

namespace {

struct Context {
  void* memory;
  template <class Kernel>
  Context(const Kernel& kernel, const Bytes& key) : memory(std::aligned_alloc(64, (kernel.contextBytes + 63) & ~63ul)) {
    std::memset(memory, 0, kernel.contextBytes);
    kernel.expand(memory, key.data(), key.size());
  }
  ~Context() { std::free(memory); }
};

// One block of keystream, by a kernel that is asked for no more than one.
void keystream(const CipherKernel& kernel, const Context& context, const uint8_t nonce[12], uint32_t count,
               uint8_t out[16]) {
  uint8_t block[16];
  std::memcpy(block, nonce, 12);
  storeBe32(block + 12, count);
  std::memset(out, 0, 16);
  kernel.encrypt(context.memory, block, out, 16);
}

void ctr(const CipherKernel& reference, const CipherKernel& kernel, size_t keyBytes, Random& random) {
  const Bytes key = random.bytes(keyBytes);
  const Context a(reference, key), b(kernel, key);
  for (uint32_t before = 0; before <= 40; before++) {
    Bytes iv = random.bytes(16);
    storeBe32(&iv[12], 0u - before);
    const size_t bytes = 700 + random.next() % 16;
    Bytes text(bytes), wanted(bytes + 16);
    for (size_t i = 0; i < bytes; i += 16) keystream(reference, a, iv.data(), uint32_t(i / 16) - before, &wanted[i]);
    kernel.encrypt(b.memory, iv.data(), text.data(), bytes);
    CHECK_BYTES(text.data(), wanted.data(), bytes);
  }
}

// The text's first block has counter 2, so block n has n + 2. Looks at what surrounds each carry.
void gcm(const Implementation& portable, const Implementation& i, size_t bytes, bool tags, Random& random) {
  const Bytes key = random.bytes(16), aad = random.bytes(8);
  const Context block(portable.aesCtr, key), context(i.aesGcm, key);
  Bytes text(bytes);
  AeadText m = {aad.data(), aad.size(), {}, text.data(), bytes};
  random.fill(m.nonce, 12);
  uint8_t tag[16], again[16];
  i.aesGcm.seal(context.memory, m, tag);
  uint8_t wanted[16];
  for (uint32_t carry = 256; carry / 16 * 16 < bytes / 16; carry <<= 8) {
    for (uint32_t count = carry - 40; count < carry + 40 && size_t(count - 1) * 16 <= bytes; count++) {
      keystream(portable.aesCtr, block, m.nonce, count, wanted);
      CHECK_BYTES(&text[(count - 2) * size_t(16)], wanted, 16);
    }
    if (carry == 1u << 24) break;
  }
  if (tags) {
    Bytes other(bytes);
    const Context reference(portable.aesGcm, key);
    AeadText n = m;
    n.text = other.data();
    uint8_t expected[16];
    portable.aesGcm.seal(reference.memory, n, expected);
    CHECK_BYTES(text.data(), other.data(), bytes);
    CHECK_BYTES(tag, expected, 16);
  }
  i.aesGcm.open(context.memory, m, again);
  CHECK_BYTES(again, tag, 16);
  CHECK(text.front() == 0 && std::memcmp(text.data(), text.data() + 1, bytes - 1) == 0);
}

void chacha(const Implementation& portable, const Implementation& i, size_t bytes, Random& random) {
  const Bytes key = random.bytes(32), aad = random.bytes(12);
  const Context a(portable.chacha20Poly1305, key), b(i.chacha20Poly1305, key);
  Bytes text(bytes), wanted(bytes);
  AeadText m = {aad.data(), aad.size(), {}, wanted.data(), bytes};
  random.fill(m.nonce, 12);
  uint8_t tag[16], expected[16];
  portable.chacha20Poly1305.seal(a.memory, m, expected);
  m.text = text.data();
  i.chacha20Poly1305.seal(b.memory, m, tag);
  CHECK_BYTES(text.data(), wanted.data(), bytes);
  CHECK_BYTES(tag, expected, 16);
}

}  // namespace

int main() {
  Random random;
  const Implementation& portable = implementation("portable");
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    for (const size_t n : {16, 24, 32}) {
      ctr(portable.aesCtr, i->aesCtr, n, random);
      ctr(portable.camelliaCtr, i->camelliaCtr, n, random);
    }
    // Past the carry out of one byte, of two, and where the CPU helps of three.
    for (size_t bytes = 3900; bytes < 4400; bytes += 7) gcm(portable, *i, bytes, true, random);
    gcm(portable, *i, 16 * ((1 << 16) + 100) + 5, true, random);
    if (i != &portable) gcm(portable, *i, 16 * ((size_t(1) << 24) + 100) + 5, false, random);
    chacha(portable, *i, 64 * 300 + 5, random);
    if (i != &portable) chacha(portable, *i, 64 * ((1 << 16) + 100) + 5, random);
  }
  return rp::test::checkFailures();
}
