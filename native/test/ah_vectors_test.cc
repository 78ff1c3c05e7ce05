// The packets of test/vectors/esp/ah-packets.json, in both directions, under every implementation. Runs in the top
// folder.
#include <string>

#include "crypto/implementation.h"
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"
#include "test/check.h"
#include "test/hex.h"
#include "test/packet_vectors.h"

using namespace rp::esp;
using rp::test::field;
using rp::test::hex;
using Bytes = std::vector<uint8_t>;

namespace {

struct Case {
  Bytes key, plain, wire, arrived, opened;
  SaParameters sa;
  uint64_t sequence;
  uint32_t header, icv = 0;

  Case(const std::string& line, const rp::crypto::Implementation* implementation)
      : key(hex(field(line, "integrityKey"))),
        plain(hex(field(line, "plain"))),
        wire(hex(field(line, "wire"))),
        arrived(hex(field(line, "arrived"))),
        opened(hex(field(line, "opened"))),
        sa(rp::test::saOf(line)),
        sequence(sa.sequence + 1),
        header(uint32_t(std::stoul(field(line, "header")))) {
    sa.protocol = Protocol::ah;
    sa.suite.integrityKey = key;
    sa.suite.implementation = implementation;
  }
};

constexpr uint32_t kRoom = 128;

// The buffer ends where the ICV's scratch does, so that a byte too far is noticed.
InboundPacket arrive(const Case& c, Bytes& buffer, InboundSa& sa) {
  buffer.assign(kRoom, 0xee);
  buffer.insert(buffer.end(), c.arrived.begin(), c.arrived.end());
  const uint32_t scratch = uint32_t(sa.suite().icvBytes());
  buffer.resize(buffer.size() + scratch, 0xdd);
  buffer.shrink_to_fit();
  InboundPacket p;
  p.data = buffer.data() + kRoom;
  p.length = uint32_t(c.arrived.size());
  p.headroom = kRoom;
  p.tailroom = scratch;
  p.sa = &sa;
  stripOuterHeader(p);
  CHECK(p.status == Status::ok && p.headerBytes == c.header && p.udpBytes == 0);
  return p;
}

void inbound(const Case& c) {
  InboundSa sa(c.sa);
  Bytes buffer;
  InboundPacket p = arrive(c, buffer, sa);
  decapsulate({&p, 1});
  if (!CHECK(p.status == Status::ok)) std::fprintf(stderr, "status %s\n", name(p.status));
  CHECK(p.length == c.opened.size() && p.sequence == c.sequence && p.version == c.opened[0] >> 4);
  if (p.length == c.opened.size()) CHECK_BYTES(p.data, c.opened.data(), p.length);

  p = arrive(c, buffer, sa);
  decapsulate({&p, 1});
  CHECK(p.status == Status::replayed);
  // Every octet from AH on is under the ICV, and a packet that is refused stays as it was.
  InboundSa other(c.sa);
  for (uint32_t at = c.header; at < c.arrived.size(); at++) {
    p = arrive(c, buffer, other);
    buffer[kRoom + at] ^= 0x10;
    const Bytes before(buffer.begin(), buffer.begin() + kRoom + long(c.header));
    decapsulate({&p, 1});
    CHECK(p.status != Status::ok);
    CHECK_BYTES(buffer.data(), before.data(), before.size());
  }
  // Of the header: version, addresses and identification; not TTL, TOS and flow label, which routers change.
  const bool v4 = c.arrived[0] >> 4 == 4;
  for (const uint32_t at : v4 ? std::initializer_list<uint32_t>{5, 13, 17} : std::initializer_list<uint32_t>{9, 25}) {
    p = arrive(c, buffer, other);
    buffer[kRoom + at] ^= 1;
    decapsulate({&p, 1});
    CHECK(p.status == Status::integrity);
  }
  CHECK(other.window().highest() == c.sa.sequence);
  // Every length too short.
  for (uint32_t length = 0; length < c.arrived.size() - c.header; length++) {
    p = arrive(c, buffer, other);
    p.length = length;
    decapsulate({&p, 1});
    CHECK(p.status != Status::ok);
  }
}

void outbound(const Case& c) {
  OutboundSa sa(c.sa);
  const uint32_t front = sa.headBytes() + sa.outerBytes();
  Bytes buffer(front, 0xee);
  buffer.insert(buffer.end(), c.plain.begin(), c.plain.end());
  buffer.resize(buffer.size() + sa.tailBytes());
  OutboundPacket p;
  p.data = buffer.data() + front;
  p.length = uint32_t(c.plain.size());
  p.headroom = front;
  p.tailroom = sa.tailBytes();
  p.sa = &sa;
  encapsulate({&p, 1});
  prependOuterHeader(p);
  if (!CHECK(p.status == Status::ok)) std::fprintf(stderr, "status %s\n", name(p.status));
  if (!CHECK(p.length == c.wire.size())) return;
  CHECK_BYTES(p.data, c.wire.data(), p.length);
  CHECK(p.data - p.headroom == buffer.data() && p.whole && p.sequence == c.sequence);
}

}  // namespace

int main() {
  return rp::test::everyPacket<Case>("test/vectors/esp/ah-packets.json", [](const Case& c) {
    inbound(c);
    outbound(c);
  });
}
