// Constant time, as far as a program can show it: keys and plaintext are marked as undefined for valgrind's memcheck,
// which then reports every branch and every address that depends on them. Run it under
// `valgrind --error-limit=no`; memcheck's CPU has no AVX-512 and no SHA instructions, so those kernels do not run here.
// Three functions that leak by intention show that the tool would have seen.
#include <valgrind/memcheck.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/declassify.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "crypto/suite.h"
#include "esp/decapsulate.h"
#include "esp/ip_header.h"
#include "test/check.h"
#include "test/context.h"
#include "test/random.h"
#include "test/suites.h"

using namespace rp::crypto;
using rp::test::kSuites;
using rp::test::makeSuite;
using rp::test::NamedSuite;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

namespace {

void secret(Bytes& b) { (void)VALGRIND_MAKE_MEM_UNDEFINED(b.data(), b.size()); }
void open(Bytes& b) { (void)VALGRIND_MAKE_MEM_DEFINED(b.data(), b.size()); }

// How often `body` let a secret decide.
template <class Body>
size_t leaks(Body body) {
  const size_t before = VALGRIND_COUNT_ERRORS;
  body();
  return VALGRIND_COUNT_ERRORS - before;
}

// What each control does is the classic mistake; the barriers keep the compiler from repairing it.
volatile uint8_t sink;
constexpr volatile uint8_t kTable[256] = {1, 2, 3};
__attribute__((noinline)) void lookUp(const Bytes& key) {
  for (const uint8_t b : key) sink = kTable[b];
}
__attribute__((noinline)) void branch(const Bytes& key) {
  for (const uint8_t b : key) {
    if (b & 1) __asm__ volatile("" : : : "memory");
    if (b & 1) sink = b;
  }
}
__attribute__((noinline)) bool compare(const uint8_t* a, const uint8_t* b, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

void controls(Random& random) {
  Bytes key = random.bytes(16), tag = random.bytes(16);
  secret(key);
  CHECK(leaks([&] { lookUp(key); }) > 0);
  CHECK(leaks([&] { branch(key); }) > 0);
  CHECK(leaks([&] { sink = uint8_t(rp::declassify(compare(key.data(), tag.data(), 16))); }) > 0);
}

// Ciphers whose tables are looked up by what is secret, as their own files say.
bool hasTables(Encryption e) {
  switch (e) {
    case Encryption::desCbc:
    case Encryption::tripleDesCbc:
    case Encryption::blowfishCbc:
    case Encryption::twofishCbc:
    case Encryption::camelliaCbc:
    case Encryption::camelliaCtr:
      return true;
    default:
      return false;
  }
}

void suite(const Implementation& i, const NamedSuite& n, Random& random) {
  size_t total = 0;
  for (const size_t length : {0, 16, 48, 208, 304}) {
    for (const bool forged : {false, true}) {
      Bytes key = random.bytes(n.keyBytes), integrityKey = random.bytes(n.integrityBytes);
      std::unique_ptr<Suite> s;
      total += leaks([&] {
        // The check for weak keys is a branch on the key by intention.
        if (n.encryption != Encryption::desCbc && n.encryption != Encryption::tripleDesCbc) secret(key);
        secret(integrityKey);
        s = makeSuite(n, key, integrityKey, &i);
      });
      const size_t odd = s->blockBytes() == 1 ? 7 : 0, head = 8 + s->ivBytes();
      Bytes packet = random.bytes(head + length + odd + s->icvBytes());
      Message m;
      m.data = packet.data();
      m.textBytes = uint32_t(length + odd);
      m.esn = length % 32 != 0;
      m.sequenceHigh = 1;
      total += leaks([&] {
        if (m.textBytes > 0) (void)VALGRIND_MAKE_MEM_UNDEFINED(packet.data() + head, m.textBytes);
        CHECK(s->seal(m));
        // The marks did arrive at the ICV: no kernel makes valgrind forget them.
        uint8_t undefined[8] = {};
        CHECK(VALGRIND_GET_VBITS(&packet[packet.size() - s->icvBytes()], undefined, 8) == 1);
        CHECK(std::all_of(undefined, undefined + 8, [](uint8_t bits) { return bits == 0xff; }));
        // Sent: what is on the wire is public.
        open(packet);
        if (forged) packet.back() ^= 0x80;
        Operation o = {s.get(), m, false};
        rp::crypto::open({&o, 1});
        CHECK(o.ok != forged);
      });
      // The kernels that take several messages at a time.
      total += leaks([&] {
        constexpr size_t kTogether = 3;
        Bytes packets[kTogether];
        Operation operations[kTogether];
        for (size_t k = 0; k < kTogether; k++) {
          packets[k] = random.bytes(packet.size());
          if (m.textBytes > 0) (void)VALGRIND_MAKE_MEM_UNDEFINED(packets[k].data() + head, m.textBytes);
          operations[k] = {s.get(), m, false};
          operations[k].message.data = packets[k].data();
        }
        rp::crypto::seal(operations);
        for (Bytes& p : packets) open(p);
        if (forged) packets[1].back() ^= 0x80;
        rp::crypto::open(operations);
        for (size_t k = 0; k < kTogether; k++) CHECK(operations[k].ok != (forged && k == 1));
      });
    }
  }
  std::printf("%-9s %-18s %3zu %-12s %zu\n", name(i), name(n.encryption), n.keyBytes * 8, name(n.integrity), total);
  if (!hasTables(n.encryption)) CHECK(total == 0);
}

// Camellia in lanes of the AES instructions' S-box, whose key is expanded by tables before it is marked.
void camelliaLanes(const Implementation& i, const char* what, const CipherKernel& kernel, Random& random) {
  if (kernel.decryptMany == nullptr) return;
  constexpr size_t kCount = 40, kBytes = 64, kRounds = 8;
  const rp::test::Context context(kernel, random.bytes(16));
  (void)VALGRIND_MAKE_MEM_UNDEFINED(static_cast<uint8_t*>(context.memory) + kRounds, kernel.contextBytes - kRounds);
  Bytes texts = random.bytes(kCount * kBytes);
  CipherJob jobs[kCount];
  for (size_t k = 0; k < kCount; k++) jobs[k] = {context.memory, {}, texts.data() + kBytes * k, kBytes};
  secret(texts);
  const size_t total = leaks([&] {
    kernel.encryptMany(jobs, kCount);
    uint8_t undefined[8] = {};
    CHECK(VALGRIND_GET_VBITS(texts.data(), undefined, 8) == 1);
    CHECK(std::all_of(undefined, undefined + 8, [](uint8_t bits) { return bits == 0xff; }));
    kernel.decryptMany(jobs, kCount);
  });
  std::printf("%-9s %s in lanes %zu\n", name(i), what, total);
  CHECK(total == 0);
}

// ESP looks at padding only behind the ICV, and of a genuine packet only the padding's length, whether it is right and
// the next header may be learnt from the time, as they are from the packet that comes out.
void unpadding(const Implementation& i, Random& random) {
  using namespace rp::esp;
  Bytes key = random.bytes(32), integrityKey = random.bytes(32);
  SaParameters p;
  p.spi = 0x1000;
  p.mode = Mode::transport;
  p.src = rp::Address::parse("192.0.2.1", "");
  p.dst = rp::Address::parse("192.0.2.2", "");
  p.replayWindow = 0;
  p.suite.encryption = Encryption::aesCbc;
  p.suite.integrity = Integrity::sha256_128;
  p.suite.implementation = &i;
  secret(key);
  secret(integrityKey);
  p.suite.encryptionKey = key;
  p.suite.integrityKey = integrityKey;
  InboundSa sa(p);
  const auto arrives = [&](uint8_t padding, bool spoiled, bool forged) {
    constexpr size_t kHead = 64, kText = 64;
    Bytes buffer = random.bytes(kHead + 8 + 16 + kText + 16);
    uint8_t* const esp = buffer.data() + kHead;
    rp::storeBe32(esp, 0x1000);
    rp::storeBe32(esp + 4, 1);
    const size_t trailer = kHead + 8 + 16 + kText - 2;
    buffer[trailer] = padding;
    buffer[trailer + 1] = 17;
    for (size_t k = 0; k < padding; k++) buffer[trailer - padding + k] = uint8_t(k + 1);
    if (spoiled) buffer[trailer - 1] ^= 1;
    Message m;
    m.data = esp;
    m.textBytes = kText;
    CHECK(sa.suite().seal(m));
    open(buffer);
    if (forged) esp[30] ^= 1;
    InboundPacket packet;
    packet.data = esp;
    packet.length = uint32_t(buffer.size() - kHead);
    packet.headroom = kHead;
    packet.sa = &sa;
    decapsulate({&packet, 1});
    return packet.status;
  };
  const size_t total = leaks([&] {
    for (const uint8_t padding : {0, 1, 14, 40}) {
      CHECK(arrives(padding, false, false) == Status::ok);
      CHECK(arrives(padding, true, true) == Status::integrity);
      CHECK(arrives(padding, false, true) == Status::integrity);
      if (padding > 0) CHECK(arrives(padding, true, false) == Status::badPadding);
    }
  });
  std::printf("%-9s unpadding %zu\n", name(i), total);
  CHECK(total == 0);
}

}  // namespace

int main() {
  if (!RUNNING_ON_VALGRIND) {
    std::fprintf(stderr, "to be run under valgrind --error-limit=no\n");
    return 1;
  }
  Random random;
  controls(random);
  for (const Implementation* i : implementations()) {
    for (const NamedSuite& n : kSuites) suite(*i, n, random);
    camelliaLanes(*i, "camellia-cbc", i->camelliaCbc, random);
    camelliaLanes(*i, "camellia-ctr", i->camelliaCtr, random);
    unpadding(*i, random);
  }
  return rp::test::checkFailures();
}
