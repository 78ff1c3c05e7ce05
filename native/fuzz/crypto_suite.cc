// A batch of messages whose suites, keys, lengths and sequence numbers the input chooses. It is sealed by one
// implementation and opened by another, as a batch or one by one: what was sealed comes back, what was then changed is
// refused and leaves no plaintext, and nothing around a message is written.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "crypto/implementation.h"
#include "crypto/suite.h"
#include "test/random.h"
#include "test/suites.h"

namespace {

using namespace rp::crypto;
using rp::test::kSuites;
using rp::test::Random;
using Bytes = std::vector<uint8_t>;

void want(bool ok) {
  if (!ok) std::abort();
}

// Every suite twice, with other keys, in every implementation: [implementation][suite].
struct Suites {
  std::vector<std::vector<std::unique_ptr<Suite>>> all;

  Suites() {
    for (const Implementation* i : implementations()) {
      Random random;
      auto& own = all.emplace_back();
      for (int key = 0; key < 2; key++) {
        for (const auto& n : kSuites) {
          const Bytes k = random.bytes(n.keyBytes), m = random.bytes(n.integrityBytes);
          const bool truncates = n.encryption == Encryption::aesGcm || n.encryption == Encryption::aesCcm;
          own.push_back(rp::test::makeSuite(n, k, m, i, key == 1 && truncates ? 8 : 16));
        }
      }
    }
  }
};

struct Input {
  const uint8_t* data;
  size_t size;
  // Zeroes when there is no more.
  uint8_t byte() { return size == 0 ? 0 : (size--, *data++); }
  uint32_t number() { return uint32_t(byte()) << 8 | byte(); }
};

struct Packet {
  static constexpr size_t kCanary = 32;
  Bytes plain, memory;
  Operation operation;
  size_t suite;
  bool forged = false;

  size_t whole() const { return memory.size() - 2 * kCanary; }
  bool untouched() const {
    const auto canary = [](uint8_t b) { return b == 0xa5; };
    return std::all_of(memory.begin(), memory.begin() + kCanary, canary) &&
           std::all_of(memory.end() - kCanary, memory.end(), canary);
  }
};

void run(std::vector<Operation>& operations, bool together, bool sealing) {
  if (together) {
    sealing ? seal(operations) : open(operations);
    return;
  }
  for (Operation& o : operations) o.ok = sealing ? o.suite->seal(o.message) : o.suite->open(o.message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Suites suites;
  Input in = {data, size};
  const uint8_t how = in.byte();
  const auto& sealing = suites.all[in.byte() % suites.all.size()];
  const auto& opening = suites.all[in.byte() % suites.all.size()];
  // More than are worked on together.
  const size_t count = in.byte() % 70;
  Random random;
  random.state ^= in.number();

  std::vector<Packet> packets(count);
  uint32_t shape = 0;
  for (size_t i = 0; i < count; i++) {
    Packet& p = packets[i];
    // A byte of the input that has ended repeats the last message's shape with one more byte.
    shape = in.size > 0 ? in.number() : shape + 1;
    p.suite = (in.size > 0 ? in.byte() : shape) % sealing.size();
    const Suite& s = *sealing[p.suite];
    const uint8_t flags = in.byte();
    Message& m = p.operation.message;
    m.aadBytes = flags & 1 ? 8 : flags >> 3;
    m.textBytes = shape % 2500;
    if ((flags & 2) == 0) m.textBytes -= uint32_t(m.textBytes % s.blockBytes());
    m.esn = m.aadBytes == 8 && (flags & 4) != 0;
    m.sequenceHigh = uint32_t(random.next());
    p.plain = random.bytes(m.aadBytes + s.ivBytes() + m.textBytes + s.icvBytes());
    p.memory.assign(p.plain.size() + 2 * Packet::kCanary, 0xa5);
    std::copy(p.plain.begin(), p.plain.end(), p.memory.begin() + Packet::kCanary);
    m.data = p.memory.data() + Packet::kCanary;
  }
  const auto collect = [&](const auto& own) {
    std::vector<Operation> operations;
    for (Packet& p : packets) operations.push_back({own[p.suite].get(), p.operation.message, true});
    return operations;
  };

  std::vector<Operation> operations = collect(sealing);
  run(operations, how & 1, true);
  for (size_t i = 0; i < count; i++) {
    Packet& p = packets[i];
    const Message& m = p.operation.message;
    const Suite& s = *operations[i].suite;
    want(p.untouched());
    want(operations[i].ok == (m.textBytes % s.blockBytes() == 0));
    const bool changed = std::memcmp(m.data, p.plain.data(), p.whole()) != 0;
    if (!operations[i].ok) want(!changed);
    // Aad and IV are the caller's.
    want(std::equal(m.data, m.data + m.aadBytes + s.ivBytes(), p.plain.begin()));
    if (how & 2 && random.next() % 3 == 0) {
      m.data[random.next() % p.whole()] ^= uint8_t(1u << random.next() % 8);
      p.forged = true;
    }
  }

  std::vector<Bytes> sent;
  for (const Packet& p : packets) sent.push_back(p.memory);
  operations = collect(opening);
  run(operations, how & 4, false);
  for (size_t i = 0; i < count; i++) {
    Packet& p = packets[i];
    const Message& m = p.operation.message;
    const Suite& s = *operations[i].suite;
    const bool whole = m.textBytes % s.blockBytes() == 0;
    want(p.untouched());
    want(operations[i].ok == (whole && !p.forged));
    if (operations[i].ok) {
      want(std::equal(p.plain.begin(), p.plain.end() - long(s.icvBytes()), m.data));
    } else {
      // An AEAD's text is zeroed; another's never was decrypted.
      if (whole && s.integrity() == Integrity::none) {
        std::fill_n(sent[i].begin() + Packet::kCanary + m.aadBytes + long(s.ivBytes()), m.textBytes, 0);
      }
      want(p.memory == sent[i]);
    }
  }
  return 0;
}
