// What must not be accepted: every bit of a message turned, one message and in a batch; and what must be refused before
// a byte is read. Neither leaves plaintext behind or touches what is around the message.
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

// What a refused short message has to be: an AEAD's text is zeroes; another's is the ciphertext, as it never was
// decrypted.
// All else is as it came.
void refused(const Suite& suite, const Message& m, const Bytes& before) {
  Bytes wanted = before;
  if (suite.integrity() == Integrity::none) std::memset(&wanted[8 + suite.ivBytes()], 0, m.textBytes);
  CHECK_BYTES(m.data, wanted.data(), wanted.size());
}

size_t everyBit(const Suite& suite, Random& random) {
  const size_t text = 48, whole = 8 + suite.ivBytes() + text + suite.icvBytes();
  Bytes sealed = random.bytes(whole);
  Message m;
  m.data = sealed.data();
  m.textBytes = text;
  m.esn = random.next() % 2 != 0;
  m.sequenceHigh = 1;
  CHECK(suite.seal(m));
  Guarded alone(whole);
  m.data = alone.atEnd(whole);

  for (size_t bit = 0; bit < 8 * whole; bit++) {
    Bytes before = sealed;
    before[bit / 8] ^= uint8_t(1 << bit % 8);
    std::memcpy(m.data, before.data(), whole);
    CHECK(!suite.open(m));
    refused(suite, m, before);

    // The same among others that are genuine, in every place of a batch by turns.
    constexpr size_t kBatch = 6;
    const size_t place = bit % kBatch;
    std::vector<Bytes> copies(kBatch, sealed);
    copies[place] = before;
    Operation operations[kBatch];
    for (size_t i = 0; i < kBatch; i++) {
      operations[i] = {&suite, m, i == place};
      operations[i].message.data = copies[i].data();
    }
    open(operations);
    for (size_t i = 0; i < kBatch; i++) {
      CHECK(operations[i].ok == (i != place));
      if (i != place) CHECK_BYTES(copies[i].data(), copies[(place + 1) % kBatch].data(), whole);
    }
    refused(suite, operations[place].message, before);
  }
  return 8 * whole;
}

void otherRefusals(const Suite& suite, Random& random) {
  const size_t block = suite.blockBytes(), text = 64, whole = 8 + suite.ivBytes() + text + suite.icvBytes();
  Bytes sealed = random.bytes(whole);
  Message m;
  m.data = sealed.data();
  m.textBytes = text;
  CHECK(suite.seal(m));
  const auto refuses = [&](Message other) {
    Bytes copy = sealed;
    other.data = copy.data();
    CHECK(!suite.open(other));
    copy = sealed;
    Operation o = {&suite, other, true};
    open({&o, 1});
    CHECK(!o.ok);
  };
  Message other = m;
  other.esn = true;
  refuses(other);  // an extended sequence number where there is none
  other = m;
  other.textBytes = uint32_t(text - block);
  refuses(other);  // cut off
  other = m;
  other.aadBytes = uint32_t(8 + block);
  other.textBytes = uint32_t(text - block);
  // An AEAD knows where the aad ends; in ESP, where others are used, it always is at 8.
  if (suite.integrity() == Integrity::none && suite.encryption() != Encryption::nullAesGmac) refuses(other);
  // Under another extended sequence number.
  m.esn = other.esn = true;
  other.aadBytes = 8;
  other.textBytes = text;
  other.sequenceHigh = 0x80000000;
  CHECK(suite.seal(m));
  refuses(other);

  // What is no message is refused unread: the pages cannot be touched.
  Guarded pages(4096);
  const auto unread = [&](uint32_t aadBytes, uint32_t textBytes) {
    Message none;
    none.data = pages.atEnd(0);
    none.aadBytes = aadBytes;
    none.textBytes = textBytes;
    CHECK(!suite.seal(none));
    CHECK(!suite.open(none));
    for (const bool sealing : {true, false}) {
      Operation o = {&suite, none, true};
      if (sealing) {
        seal({&o, 1});
      } else {
        open({&o, 1});
      }
      CHECK(!o.ok);
    }
  };
  for (uint32_t n = 1; n < block; n++) unread(8, uint32_t(text + n));
  // Sums of 32 bits would come out small.
  unread(8, 0xfffffff0);
  unread(8, 0xfffffff8);
  unread(0xfffffff8, 64);
  unread(0x80000000, 0x80000000);
  unread(8, 0x80000000);
}

// Batches of packets long enough for every kernel, of which every third is forged, in its first or last bytes or the
// ICV: a forgery leaves nothing of the plaintext, and the genuine ones beside it come out.
size_t longBatches(const Suite& suite, Random& random) {
  const bool hides = suite.encryption() != Encryption::null && suite.encryption() != Encryption::nullAesGmac;
  const size_t start = 8 + suite.ivBytes();
  size_t forgeries = 0;
  for (size_t count = 4; count <= 40; count += 9) {
    std::vector<Bytes> plain(count), copies(count), sent(count);
    std::vector<Operation> operations(count);
    for (size_t i = 0; i < count; i++) {
      Message m;
      m.textBytes = uint32_t((count % 2 != 0 ? 640 : 192 + random.next() % 700) / 16 * 16);
      m.esn = i % 2 != 0;
      m.sequenceHigh = uint32_t(i);
      plain[i] = copies[i] = random.bytes(start + m.textBytes + suite.icvBytes());
      m.data = copies[i].data();
      CHECK(suite.seal(m));
      if (i % 3 == 0) {
        const size_t places[] = {start, start + 100, start + m.textBytes - 1, start + m.textBytes};
        copies[i][places[i / 3 % 4]] ^= 1;
        forgeries++;
      }
      sent[i] = copies[i];
      operations[i] = {&suite, m, i % 3 == 0};
    }
    open(operations);
    for (size_t i = 0; i < count; i++) {
      CHECK(operations[i].ok == (i % 3 != 0));
      const size_t text = operations[i].message.textBytes;
      if (operations[i].ok) {
        CHECK_BYTES(copies[i].data() + start, plain[i].data() + start, text);
      } else if (hides) {
        for (size_t p = start; p < start + text; p += 16) CHECK(std::memcmp(&copies[i][p], &plain[i][p], 16) != 0);
      }
      CHECK_BYTES(copies[i].data(), plain[i].data(), start);
      CHECK_BYTES(copies[i].data() + start + text, sent[i].data() + start + text, suite.icvBytes());
    }
  }
  return forgeries;
}

}  // namespace

int main() {
  Random random;
  size_t forgeries = 0;
  for (const Implementation* i : implementations()) {
    for (const NamedSuite& n : kSuites) {
      const Bytes key = random.bytes(n.keyBytes), integrityKey = random.bytes(n.integrityBytes);
      const bool truncates = n.encryption == Encryption::aesGcm || n.encryption == Encryption::aesCcm;
      for (const uint8_t icvBytes : {8, 12, 16}) {
        if (icvBytes != 16 && !truncates) continue;
        const auto suite = makeSuite(n, key, integrityKey, i, icvBytes);
        forgeries += everyBit(*suite, random);
        otherRefusals(*suite, random);
        forgeries += longBatches(*suite, random);
      }
    }
  }
  std::printf("%zu forgeries\n", forgeries);
  return rp::test::checkFailures();
}
