// Every implementation against the portable one: all lengths, aad lengths, alignments, with buffers that end at a guard
// page; counters that wrap; forgeries.
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "crypto/suite.h"
#include "test/check.h"
#include "test/context.h"
#include "test/guarded.h"
#include "test/random.h"
#include "test/suites.h"

using namespace rp::crypto;
using rp::test::Context;
using rp::test::Guarded;
using rp::test::kSuites;
using rp::test::makeSuite;
using rp::test::NamedSuite;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

namespace {

// memcpy wants a pointer even to nothing.
void copy(void* to, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void aead(const AeadKernel& reference, const AeadKernel& kernel, size_t keyBytes, Random& random) {
  const Bytes key = random.bytes(keyBytes);
  const Context a(reference, key), b(kernel, key);
  Guarded text(8192), aads(64);
  for (size_t bytes = 0; bytes <= 4200; bytes += bytes < 2048 ? 1 : 61) {
    const size_t aadBytes = bytes % 37;
    Bytes aad = random.bytes(aadBytes);
    Bytes plain = random.bytes(bytes), wanted = plain;
    AeadText m = {aad.data(), aadBytes, {}, wanted.data(), bytes};
    random.fill(m.nonce, 12);
    uint8_t tag[16], got[16];
    reference.seal(a.memory, m, tag);

    uint8_t* p = bytes % 2 != 0 ? text.atEnd(bytes) : text.atStart();
    copy(p, plain.data(), bytes);
    copy(aads.atEnd(aadBytes), aad.data(), aadBytes);
    m.aad = aads.atEnd(aadBytes);
    m.text = p;
    kernel.seal(b.memory, m, got);
    CHECK_BYTES(p, wanted.data(), bytes);
    CHECK_BYTES(got, tag, 16);
    kernel.open(b.memory, m, got);
    CHECK_BYTES(p, plain.data(), bytes);
    CHECK_BYTES(got, tag, 16);
  }
}

// The layout of ESP: header, IV and text are neighbours, which kernels make use of.
void aeadNeighbours(const AeadKernel& reference, const AeadKernel& kernel, size_t keyBytes, Random& random) {
  const Bytes key = random.bytes(keyBytes);
  const Context a(reference, key), b(kernel, key);
  Guarded memory(16384);
  for (size_t bytes = 0; bytes <= 9100; bytes += bytes < 2048 ? 1 : 127) {
    Bytes packet = random.bytes(16 + bytes), wanted = packet;
    AeadText m = {wanted.data(), 8, {}, wanted.data() + 16, bytes};
    random.fill(m.nonce, 4);
    std::memcpy(m.nonce + 4, packet.data() + 8, 8);
    uint8_t tag[16], got[16];
    reference.seal(a.memory, m, tag);
    uint8_t* p = bytes % 2 != 0 ? memory.atEnd(packet.size()) : memory.atStart();
    std::memcpy(p, packet.data(), packet.size());
    m.aad = p;
    m.text = p + 16;
    kernel.seal(b.memory, m, got);
    CHECK_BYTES(p, wanted.data(), wanted.size());
    CHECK_BYTES(got, tag, 16);
    kernel.open(b.memory, m, got);
    CHECK_BYTES(p, packet.data(), packet.size());
    CHECK_BYTES(got, tag, 16);
  }
}

// GMAC: no text, and an aad of any length.
void gmac(const AeadKernel& reference, const AeadKernel& kernel, size_t keyBytes, Random& random) {
  const Bytes key = random.bytes(keyBytes);
  const Context a(reference, key), b(kernel, key);
  Guarded memory(16384);
  for (size_t bytes = 0; bytes <= 9100; bytes += bytes < 3200 ? 1 : 127) {
    const Bytes aad = random.bytes(bytes);
    AeadText m = {aad.data(), bytes, {}, nullptr, 0};
    random.fill(m.nonce, 12);
    uint8_t tag[16], got[16];
    reference.seal(a.memory, m, tag);
    uint8_t* p = memory.atEnd(bytes);
    copy(p, aad.data(), bytes);
    m.aad = p;
    kernel.seal(b.memory, m, got);
    CHECK_BYTES(got, tag, 16);
    kernel.open(b.memory, m, got);
    CHECK_BYTES(got, tag, 16);
  }
}

void cipher(const CipherKernel& reference, const CipherKernel& kernel, size_t keyBytes, size_t block, bool wrap,
            Random& random) {
  const Bytes key = random.bytes(keyBytes);
  const Context a(reference, key), b(kernel, key);
  Guarded text(4096);
  for (size_t bytes = 0; bytes <= 2048; bytes += block) {
    Bytes plain = random.bytes(bytes), wanted = plain, iv = random.bytes(16);
    if (wrap) std::memset(iv.data() + 12, 0xff, 4);
    reference.encrypt(a.memory, iv.data(), wanted.data(), bytes);
    uint8_t* p = bytes % 3 != 0 ? text.atEnd(bytes) : text.atStart();
    copy(p, plain.data(), bytes);
    kernel.encrypt(b.memory, iv.data(), p, bytes);
    CHECK_BYTES(p, wanted.data(), bytes);
    kernel.decrypt(b.memory, iv.data(), p, bytes);
    CHECK_BYTES(p, plain.data(), bytes);
  }
}

// Messages of all lengths and two keys side by side, in buffers that end at guard pages, against one by one.
void lanes(const CipherKernel& kernel, size_t keyBytes, size_t block, Random& random) {
  const Context contexts[2] = {Context(kernel, random.bytes(keyBytes)), Context(kernel, random.bytes(keyBytes))};
  std::vector<std::unique_ptr<Guarded>> memory;
  for (int i = 0; i < 150; i++) memory.push_back(std::make_unique<Guarded>(4096));
  for (int round = 0; round < 40; round++) {
    const size_t count = round < 10 ? size_t(round) : random.next() % 150;
    std::vector<Bytes> plain, wanted, ivs;
    std::vector<CipherJob> messages;
    for (size_t i = 0; i < count; i++) {
      const bool alike = round % 2 == 0;
      const size_t bytes =
          (alike ? 88 : random.next() % (round % 3 == 0 ? 200 : 4)) * block / (round % 5 + 1) / block * block;
      plain.push_back(random.bytes(bytes));
      ivs.push_back(random.bytes(block));
      wanted.push_back(plain[i]);
      const void* context = contexts[round % 4 == 3 ? random.next() % 2 : 0].memory;
      kernel.encrypt(context, ivs[i].data(), wanted[i].data(), bytes);
      uint8_t* p = memory[i]->atEnd(bytes);
      copy(p, plain[i].data(), bytes);
      messages.push_back({context, {}, p, bytes});
      std::memcpy(messages[i].iv, ivs[i].data(), block);
    }
    if (kernel.encryptMany == nullptr) return;
    kernel.encryptMany(messages.data(), count);
    for (size_t i = 0; i < count; i++) CHECK_BYTES(messages[i].text, wanted[i].data(), messages[i].bytes);
    if (kernel.decryptMany == nullptr) continue;
    kernel.decryptMany(messages.data(), count);
    for (size_t i = 0; i < count; i++) CHECK_BYTES(messages[i].text, plain[i].data(), messages[i].bytes);
  }
}

void hash(const HashKernel& reference, const HashKernel& kernel, Random& random) {
  Guarded text(64 * 128);
  for (size_t blocks = 1; blocks <= 33; blocks++) {
    const size_t bytes = blocks * kernel.blockBytes;
    const Bytes data = random.bytes(bytes);
    uint8_t* p = text.atEnd(bytes);
    std::memcpy(p, data.data(), bytes);
    alignas(64) uint8_t a[64], b[64];
    random.fill(a, 64);
    std::memcpy(b, a, 64);
    reference.compress(a, data.data(), blocks);
    kernel.compress(b, p, blocks);
    CHECK_BYTES(a, b, 64);
  }
}

// Batches of mixed suites and lengths against one message at a time on the portable implementation, and every single
// byte of a message turned: refused, and no plaintext in the buffer.
void suites(const Implementation& portable, const Implementation& i, Random& random) {
  std::vector<std::unique_ptr<Suite>> reference, tested;
  for (const NamedSuite& n : kSuites) {
    const Bytes key = random.bytes(n.keyBytes), integrityKey = random.bytes(n.integrityBytes);
    reference.push_back(makeSuite(n, key, integrityKey, &portable));
    tested.push_back(makeSuite(n, key, integrityKey, &i));
  }
  for (int round = 0; round < 60; round++) {
    const size_t count = random.next() % 70;
    std::vector<Bytes> plain(count), wanted(count), got(count);
    std::vector<Operation> operations(count);
    for (size_t k = 0; k < count; k++) {
      // Runs of one suite and mixtures of all.
      const size_t s = round % 3 == 0 ? size_t(round / 3) % reference.size() : random.next() % reference.size();
      const Suite& suite = *reference[s];
      size_t text = round % 2 != 0 ? random.next() % 1600 : 64 + random.next() % 3;
      text -= text % suite.blockBytes();
      plain[k] = random.bytes(8 + suite.ivBytes() + text + suite.icvBytes());
      wanted[k] = got[k] = plain[k];
      Message m;
      m.textBytes = uint32_t(text);
      m.esn = k % 2 != 0;
      m.sequenceHigh = uint32_t(random.next());
      m.data = wanted[k].data();
      CHECK(suite.seal(m));
      m.data = got[k].data();
      operations[k] = {tested[s].get(), m, false};
    }
    seal(operations);
    for (size_t k = 0; k < count; k++) {
      CHECK(operations[k].ok);
      CHECK_BYTES(got[k].data(), wanted[k].data(), got[k].size());
      operations[k].ok = false;
    }
    // Every fifth packet is spoiled and must be the only one to fail.
    for (size_t k = 0; k < count; k += 5) got[k][random.next() % got[k].size()] ^= uint8_t(1 + random.next() % 255);
    open(operations);
    for (size_t k = 0; k < count; k++) {
      CHECK(operations[k].ok == (k % 5 != 0));
      const size_t body = got[k].size() - operations[k].suite->icvBytes();
      if (operations[k].ok) CHECK_BYTES(got[k].data(), plain[k].data(), body);
    }
  }

  for (size_t s = 0; s < tested.size(); s++) {
    const Suite& suite = *tested[s];
    const size_t text = 96, start = 8 + suite.ivBytes();
    const Bytes plain = random.bytes(start + text + suite.icvBytes());
    Bytes sealed = plain;
    Message m;
    m.data = sealed.data();
    m.textBytes = text;
    CHECK(suite.seal(m));
    for (size_t at = 0; at < sealed.size(); at++) {
      Bytes forged = sealed;
      forged[at] ^= uint8_t(1 << at % 8);
      m.data = forged.data();
      CHECK(!suite.open(m));
      if (suite.encryption() != Encryption::null && suite.encryption() != Encryption::nullAesGmac) {
        // Not one 16-byte piece of the plaintext.
        for (size_t p = 0; p + 16 <= text; p += 16) CHECK(std::memcmp(&forged[start + p], &plain[start + p], 16) != 0);
      }
    }
    // An extended sequence number's high half is part of what is authenticated.
    Bytes copy = sealed;
    m.data = copy.data();
    m.esn = true;
    CHECK(!suite.open(m));
  }
}

void refusals() {
  const Bytes key(64, 1);
  SuiteSpec spec;
  const auto with = [&](Encryption e, size_t n, Integrity i, size_t m) {
    spec.encryption = e;
    spec.encryptionKey = std::span(key).first(n);
    spec.integrity = i;
    spec.integrityKey = std::span(key).first(m);
    return Suite(spec).icvBytes();
  };
  using rp::ArgumentError, rp::UnsupportedError;
  CHECK_THROWS(with(Encryption::aesGcm, 16, Integrity::none, 0), ArgumentError,
               "encryptionKey: aes-gcm wants 20, 28 or 36 bytes, got 16");
  CHECK_THROWS(with(Encryption::chacha20Poly1305, 32, Integrity::none, 0), ArgumentError, "encryptionKey: ");
  CHECK_THROWS(with(Encryption::aesCbc, 16, Integrity::sha1_96, 16), ArgumentError,
               "integrityKey: sha1-96 wants 20 bytes, got 16");
  CHECK_THROWS(with(Encryption::aesCbc, 16, Integrity::none, 0), ArgumentError, "integrity: aes-cbc wants one");
  CHECK_THROWS(with(Encryption::aesGcm, 20, Integrity::sha1_96, 20), ArgumentError, "integrity: aes-gcm has its own");
  // Three times one key, and a weak key of DES.
  CHECK_THROWS(with(Encryption::tripleDesCbc, 24, Integrity::sha1_96, 20), ArgumentError, "a weak key of 3des-cbc");
  CHECK_THROWS(with(Encryption::desCbc, 8, Integrity::sha1_96, 20), ArgumentError, "a weak key of des-cbc");
  CHECK_THROWS(with(Encryption::desCbc, 7, Integrity::sha1_96, 20), ArgumentError, "des-cbc wants 8 bytes, got 7");
  CHECK_THROWS(with(Encryption::blowfishCbc, 4, Integrity::sha1_96, 20), ArgumentError, "wants 5 to 56 bytes, got 4");
  CHECK_THROWS(with(Encryption::blowfishCbc, 57, Integrity::sha1_96, 20), ArgumentError, "wants 5 to 56 bytes, got 57");
  CHECK_THROWS(with(Encryption::camelliaCtr, 16, Integrity::sha1_96, 20), ArgumentError, "wants 20, 28 or 36 bytes");
  CHECK_THROWS(with(Encryption::aesCcm, 20, Integrity::none, 0), ArgumentError, "wants 19, 27 or 35 bytes, got 20");
  CHECK_THROWS(with(Encryption::aesCbc, 16, Integrity::aesXcbc96, 20), ArgumentError, "aes-xcbc-96 wants 16 bytes");
  spec.icvBytes = 10;
  CHECK_THROWS(with(Encryption::aesGcm, 20, Integrity::none, 0), ArgumentError, "icvBytes: ");
  CHECK_THROWS(with(Encryption::aesCcm, 19, Integrity::none, 0), ArgumentError, "icvBytes: aes-ccm has 8, 12 or 16");
  spec.icvBytes = 12;
  CHECK(with(Encryption::aesCcm, 19, Integrity::none, 0) == 12);
  CHECK_THROWS(with(Encryption::nullAesGmac, 20, Integrity::none, 0), ArgumentError, "icvBytes: null-aes-gmac has 16");
  CHECK(with(Encryption::aesGcm, 20, Integrity::none, 0) == 12);
  spec.icvBytes = 16;
  CHECK_THROWS(toEncryption("aes-gcmm"), ArgumentError, "encryption: no such algorithm: aes-gcmm");
  CHECK_THROWS(implementation("abacus"), UnsupportedError, "abacus");
}

}  // namespace

int main() {
  Random random;
  const Implementation& portable = implementation("portable");
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    for (const size_t n : {16, 24, 32}) {
      aead(portable.aesGcm, i->aesGcm, n, random);
      aeadNeighbours(portable.aesGcm, i->aesGcm, n, random);
      gmac(portable.aesGcm, i->aesGcm, n, random);
      cipher(portable.aesCbc, i->aesCbc, n, 16, false, random);
      cipher(portable.aesCtr, i->aesCtr, n, 1, false, random);
      cipher(portable.aesCtr, i->aesCtr, n, 1, true, random);
    }
    for (const size_t n : {16, 24, 32}) {
      cipher(portable.camelliaCbc, i->camelliaCbc, n, 16, false, random);
      cipher(portable.camelliaCtr, i->camelliaCtr, n, 1, false, random);
      cipher(portable.camelliaCtr, i->camelliaCtr, n, 1, true, random);
      cipher(portable.twofishCbc, i->twofishCbc, n, 16, false, random);
      lanes(i->camelliaCbc, n, 16, random);
      lanes(i->twofishCbc, n, 16, random);
      lanes(i->aesCbc, n, 16, random);
    }
    cipher(portable.desCbc, i->desCbc, 8, 8, false, random);
    cipher(portable.tripleDesCbc, i->tripleDesCbc, 24, 8, false, random);
    lanes(i->desCbc, 8, 8, random);
    lanes(i->tripleDesCbc, 24, 8, random);
    for (const size_t n : {5, 16, 56}) {
      cipher(portable.blowfishCbc, i->blowfishCbc, n, 8, false, random);
      lanes(i->blowfishCbc, n, 8, random);
    }
    aead(portable.chacha20Poly1305, i->chacha20Poly1305, 32, random);
    aeadNeighbours(portable.chacha20Poly1305, i->chacha20Poly1305, 32, random);
    hash(portable.md5, i->md5, random);
    hash(portable.sha1, i->sha1, random);
    hash(portable.sha256, i->sha256, random);
    hash(portable.sha384, i->sha384, random);
    hash(portable.sha512, i->sha512, random);
    suites(portable, *i, random);
  }
  refusals();
  return rp::test::checkFailures();
}
