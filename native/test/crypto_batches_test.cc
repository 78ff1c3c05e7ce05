// The kernels that take several messages at a time, against those that take one.
#include <cstdlib>
#include <memory>

#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "test/check.h"
#include "test/context.h"
#include "test/guarded.h"
#include "test/random.h"
#if defined(__x86_64__)
#include "crypto/avx512.h"
#endif

using namespace rp::crypto;
using rp::test::Context;
using rp::test::Guarded;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

namespace {

// memcpy wants a pointer even to nothing.
void copy(void* to, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

// Whole packets by the batch against one by one: every length, keys that are one or differ (in length too), the ICV's
// size, extended sequence numbers, packets whose end is the end of the memory; forgeries among them.
void aeadBatches(const AeadKernel& reference, const AeadKernel& kernel, std::initializer_list<size_t> keyBytes,
                 Random& random) {
  if (kernel.sealMany == nullptr) return;
  constexpr size_t kCount = 7, kKeys = 4;
  std::vector<Bytes> keys;
  std::vector<std::unique_ptr<Context>> a, b;
  for (size_t i = 0; i < kKeys; i++) {
    keys.push_back(random.bytes(*(keyBytes.begin() + (i > 1 ? i % keyBytes.size() : 0))));
    a.push_back(std::make_unique<Context>(reference, keys[i]));
    b.push_back(std::make_unique<Context>(kernel, keys[i]));
  }
  std::vector<std::unique_ptr<Guarded>> memory;
  for (size_t i = 0; i < kCount; i++) memory.push_back(std::make_unique<Guarded>(8192));
  for (size_t bytes = 0; bytes <= 2400; bytes++) {
    AeadJob jobs[kCount];
    Bytes plain[kCount], wanted[kCount];
    for (size_t i = 0; i < kCount; i++) {
      AeadJob& j = jobs[i];
      // All alike, or neighbours in length, or anything.
      const size_t text = bytes % 3 == 0 ? bytes : bytes % 3 == 1 ? bytes + i : random.next() % (bytes + 1);
      const size_t key = bytes % 2 == 0 ? 0 : bytes % 4 == 1 ? random.next() % 2 : random.next() % kKeys;
      const size_t icv = 8 + 4 * (random.next() % 3);
      plain[i] = random.bytes(kAeadJobHeader + text + icv);
      wanted[i] = plain[i];
      uint8_t* p = i % 2 != 0 ? memory[i]->atEnd(plain[i].size()) : memory[i]->atStart();
      std::memcpy(p, plain[i].data(), plain[i].size());
      j = {
          b[key]->memory, p,   uint32_t(text), uint32_t(random.next()), uint32_t(random.next()), random.next() % 2 != 0,
          uint8_t(icv),   true};
      uint8_t aad[12], tag[16];
      std::memcpy(aad, p, 8);
      if (j.esn) {
        const uint32_t high = __builtin_bswap32(j.sequenceHigh);
        std::memcpy(aad + 4, &high, 4);
        std::memcpy(aad + 8, p + 4, 4);
      }
      AeadText m = {aad, j.esn ? 12u : 8u, {}, wanted[i].data() + kAeadJobHeader, text};
      std::memcpy(m.nonce, &j.salt, 4);
      std::memcpy(m.nonce + 4, p + 8, 8);
      reference.seal(a[key]->memory, m, tag);
      std::memcpy(wanted[i].data() + kAeadJobHeader + text, tag, icv);
    }
    kernel.sealMany(jobs, kCount);
    const size_t spoiled = random.next() % kCount;
    for (size_t i = 0; i < kCount; i++) {
      CHECK_BYTES(jobs[i].packet, wanted[i].data(), wanted[i].size());
      jobs[i].ok = i % 2 != 0;
    }
    // SPI, sequence number, IV, text or ICV.
    jobs[spoiled].packet[random.next() % plain[spoiled].size()] ^= uint8_t(1 << random.next() % 8);
    kernel.openMany(jobs, kCount);
    for (size_t i = 0; i < kCount; i++) {
      CHECK(jobs[i].ok == (i != spoiled));
      const Bytes zeros(jobs[i].textBytes);
      const uint8_t* const text = i == spoiled ? zeros.data() : plain[i].data() + kAeadJobHeader;
      CHECK_BYTES(jobs[i].packet + kAeadJobHeader, text, jobs[i].textBytes);
      if (i != spoiled) CHECK_BYTES(jobs[i].packet, plain[i].data(), kAeadJobHeader);
    }
  }
}

// Messages side by side against one by one: numbers of them around the lanes, lengths alike and not, one key and many.
// Streams of counter mode end in a `part` of a block.
void cipherBatches(const CipherKernel& kernel, std::initializer_list<size_t> keyBytes, Random& random,
                   size_t part = 1) {
  if (kernel.encryptMany == nullptr) return;
  std::vector<std::unique_ptr<Context>> contexts;
  for (const size_t n : keyBytes) contexts.push_back(std::make_unique<Context>(kernel, random.bytes(n)));
  Guarded memory(8192);
  for (size_t count = 1; count <= 64; count++) {
    for (const size_t keys : {size_t(1), contexts.size()}) {
      std::vector<Bytes> texts(count), wanted(count);
      std::vector<CipherJob> jobs(count);
      for (size_t i = 0; i < count; i++) {
        texts[i] = wanted[i] = random.bytes(16 * (count % 2 == 0 ? count : random.next() % 129) + random.next() % part);
        jobs[i] = {contexts[random.next() % keys]->memory, {}, texts[i].data(), texts[i].size()};
        random.fill(jobs[i].iv, 16);
        kernel.encrypt(jobs[i].context, jobs[i].iv, wanted[i].data(), wanted[i].size());
      }
      // One of them ends at the end of the memory.
      Bytes& last = texts[random.next() % count];
      CipherJob& j = jobs[size_t(&last - texts.data())];
      j.text = memory.atEnd(last.size());
      copy(j.text, last.data(), last.size());
      std::vector<Bytes> plain = texts;
      kernel.encryptMany(jobs.data(), count);
      for (size_t i = 0; i < count; i++) CHECK_BYTES(jobs[i].text, wanted[i].data(), wanted[i].size());
      if (kernel.decryptMany == nullptr) continue;
      kernel.decryptMany(jobs.data(), count);
      for (size_t i = 0; i < count; i++) CHECK_BYTES(jobs[i].text, plain[i].data(), plain[i].size());
    }
  }
}

// CBC-MACs side by side against the portable one by one: numbers of messages around the lanes, heads and tails or none,
// keys that are one or differ in length, texts whose end is the end of the memory.
void macBatches(const CbcMacKernel& reference, const CbcMacKernel& kernel, Random& random) {
  if (kernel.absorbMany == nullptr) return;
  constexpr size_t kKeys = 4, kKeyBytes[kKeys] = {16, 16, 24, 32};
  std::vector<std::unique_ptr<Context>> a, b;
  for (const size_t n : kKeyBytes) {
    const Bytes key = random.bytes(n);
    a.push_back(std::make_unique<Context>(reference, key));
    b.push_back(std::make_unique<Context>(kernel, key));
  }
  Guarded memory(4096);
  for (size_t count = 1; count <= 64; count++) {
    for (const size_t keys : {size_t(1), kKeys}) {
      std::vector<Bytes> texts(count), wanted(count);
      std::vector<MacJob> jobs(count);
      for (size_t i = 0; i < count; i++) {
        MacJob& j = jobs[i];
        const size_t key = random.next() % keys;
        j.context = b[key]->memory;
        j.textBlocks = count % 2 == 0 ? count : random.next() % 130;
        texts[i] = random.bytes(16 * j.textBlocks);
        j.text = texts[i].data();
        if (i == count / 2) {
          uint8_t* const end = memory.atEnd(texts[i].size());
          copy(end, texts[i].data(), texts[i].size());
          j.text = end;
        }
        j.headBlocks = uint8_t(random.next() % 3);
        j.tailBlocks = uint8_t(j.textBlocks == 0 ? 1 + random.next() % 2 : random.next() % 3);
        random.fill(j.state, sizeof j.state);
        random.fill(j.head, sizeof j.head);
        random.fill(j.tail, sizeof j.tail);
        wanted[i].assign(j.state, j.state + 16);
        reference.absorb(a[key]->memory, wanted[i].data(), j.head, j.headBlocks);
        reference.absorb(a[key]->memory, wanted[i].data(), j.text, j.textBlocks);
        reference.absorb(a[key]->memory, wanted[i].data(), j.tail, j.tailBlocks);
      }
      kernel.absorbMany(jobs.data(), count);
      for (size_t i = 0; i < count; i++) CHECK_BYTES(jobs[i].state, wanted[i].data(), 16);
    }
  }
}

bool has(const char* wanted) {
  for (const Implementation* i : implementations()) {
    if (std::strcmp(name(*i), wanted) == 0) return true;
  }
  return false;
}

}  // namespace

int main() {
  Random random;
  const Implementation& portable = implementation("portable");
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    aeadBatches(portable.aesGcm, i->aesGcm, {16, 24, 32}, random);
    aeadBatches(portable.chacha20Poly1305, i->chacha20Poly1305, {32}, random);
    cipherBatches(i->aesCbc, {16, 16, 24, 32, 32}, random);
    cipherBatches(i->aesCtr, {16, 16, 24, 32, 32}, random, 16);
    cipherBatches(i->camelliaCtr, {16, 16, 24, 32, 32}, random, 16);
    macBatches(portable.aesCbcMac, i->aesCbcMac, random);
  }
#if defined(__x86_64__)
  // Whatever this CPU prefers.
  if (has("avx512")) {
    aeadBatches(portable.aesGcm, kAvx512GcmKaratsuba, {16, 24, 32}, random);
    aeadBatches(portable.aesGcm, kAvx512GcmSchoolbook, {16, 24, 32}, random);
  }
#endif
  return rp::test::checkFailures();
}
