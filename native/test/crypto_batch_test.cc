// Where messages lie and in what company: every suite of every implementation at all 64 places in a cache line, and in
// batches of 1 to 64 with an SA of its own for every message, each message alone between two guard pages. What must
// come out is what the portable implementation makes of one message at a time.
#include <algorithm>

#include "crypto/implementation.h"
#include "crypto/suite.h"
#include "test/check.h"
#include "test/guarded.h"
#include "test/random.h"
#include "test/suites.h"

using namespace rp::crypto;
using rp::test::Guarded;
using rp::test::kSuites;
using rp::test::makeSuite;
using rp::test::NamedSuite;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

namespace {

struct Pair {
  std::unique_ptr<Suite> reference, tested;
  Pair(const NamedSuite& n, const Implementation& portable, const Implementation& i, Random& random) {
    const Bytes key = random.bytes(n.keyBytes), integrityKey = random.bytes(n.integrityBytes);
    reference = makeSuite(n, key, integrityKey, &portable);
    tested = makeSuite(n, key, integrityKey, &i);
  }
  size_t whole(size_t text) const { return 8 + tested->ivBytes() + text + tested->icvBytes(); }
};

constexpr size_t kLengths[] = {0,   1,   15,  16,  17,  31,  33,  63,  64,  65,  112,
                               127, 128, 129, 240, 255, 256, 257, 576, 700, 1400};

void alignments(const Pair& pair, Random& random) {
  constexpr size_t kCanary = 64;
  alignas(64) static uint8_t memory[64 + 2 * kCanary + 2048];
  for (size_t length : kLengths) {
    length -= length % pair.tested->blockBytes();
    const Bytes plain = random.bytes(pair.whole(length));
    Bytes sealed = plain;
    Message m;
    m.textBytes = uint32_t(length);
    m.esn = length % 3 == 0;
    m.sequenceHigh = uint32_t(random.next());
    m.data = sealed.data();
    CHECK(pair.reference->seal(m));
    for (size_t at = 0; at < 64; at++) {
      std::memset(memory, int(at), sizeof memory);
      m.data = memory + kCanary + at;
      std::memcpy(m.data, plain.data(), plain.size());
      CHECK(pair.tested->seal(m));
      CHECK_BYTES(m.data, sealed.data(), sealed.size());
      CHECK(pair.tested->open(m));
      CHECK_BYTES(m.data, plain.data(), plain.size() - pair.tested->icvBytes());
      // Nothing around it was written.
      const auto untouched = [&](uint8_t b) { return b == at; };
      CHECK(std::all_of(memory, m.data, untouched));
      CHECK(std::all_of(m.data + plain.size(), memory + sizeof memory, untouched));
    }
  }
}

void batches(const std::vector<Pair>& pairs, Random& random) {
  std::vector<std::unique_ptr<Guarded>> pages;
  for (int i = 0; i < 64; i++) pages.push_back(std::make_unique<Guarded>(4096));
  for (size_t count = 1; count <= 64; count++) {
    std::vector<Bytes> plain(count), sealed(count);
    std::vector<Operation> operations(count);
    for (size_t i = 0; i < count; i++) {
      // All of one suite, pairs of suites by turns, or any.
      const size_t choice = count % 3 == 0 ? count : count % 3 == 1 ? count + i % 2 : random.next();
      const Pair& pair = pairs[choice % pairs.size()];
      size_t text = count % 2 != 0 ? random.next() % 2049 : random.next() % 130;
      text -= text % pair.tested->blockBytes();
      plain[i] = sealed[i] = random.bytes(pair.whole(text));
      Message m;
      m.textBytes = uint32_t(text);
      m.esn = random.next() % 2 != 0;
      m.sequenceHigh = uint32_t(random.next());
      m.data = sealed[i].data();
      CHECK(pair.reference->seal(m));
      m.data = i % 2 != 0 ? pages[i]->atEnd(plain[i].size()) : pages[i]->atStart();
      std::memcpy(m.data, plain[i].data(), plain[i].size());
      operations[i] = {pair.tested.get(), m, false};
    }
    seal(operations);
    for (size_t i = 0; i < count; i++) {
      CHECK(operations[i].ok);
      CHECK_BYTES(operations[i].message.data, sealed[i].data(), sealed[i].size());
    }
    open(operations);
    for (size_t i = 0; i < count; i++) {
      CHECK(operations[i].ok);
      CHECK_BYTES(operations[i].message.data, plain[i].data(), plain[i].size() - operations[i].suite->icvBytes());
    }
  }
}

// As many SAs as a batch may have packets, for kernels that treat them otherwise than packets of a few.
void manyKeys(const Implementation& portable, const Implementation& i, Random& random) {
  constexpr size_t kCount = 64;
  for (const NamedSuite& n : kSuites) {
    if (n.encryption != Encryption::aesGcm && n.encryption != Encryption::aesCbc) continue;
    std::vector<Pair> pairs;
    std::vector<Bytes> plain(kCount), sealed(kCount), got(kCount);
    std::vector<Operation> operations(kCount);
    for (size_t k = 0; k < kCount; k++) {
      const Pair& pair = pairs.emplace_back(n, portable, i, random);
      Message m;
      const size_t text = k % 4 == 0 ? random.next() % 4300 : 1400;
      m.textBytes = uint32_t(text - text % pair.tested->blockBytes());
      plain[k] = sealed[k] = got[k] = random.bytes(pair.whole(m.textBytes));
      m.data = sealed[k].data();
      CHECK(pair.reference->seal(m));
      m.data = got[k].data();
      operations[k] = {pair.tested.get(), m, false};
    }
    seal(operations);
    for (size_t k = 0; k < kCount; k++) CHECK_BYTES(got[k].data(), sealed[k].data(), sealed[k].size());
    open(operations);
    for (size_t k = 0; k < kCount; k++) {
      CHECK(operations[k].ok);
      CHECK_BYTES(got[k].data(), plain[k].data(), plain[k].size() - pairs[k].tested->icvBytes());
    }
  }
}

}  // namespace

int main() {
  Random random;
  const Implementation& portable = implementation("portable");
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    std::vector<Pair> pairs;
    for (const NamedSuite& n : kSuites) pairs.emplace_back(n, portable, *i, random);
    for (const Pair& pair : pairs) alignments(pair, random);
    for (int round = 0; round < 4; round++) batches(pairs, random);
    manyKeys(portable, *i, random);
  }
  return rp::test::checkFailures();
}
