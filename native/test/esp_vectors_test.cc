// The packets of test/vectors/esp/packets.json, in both directions, under every implementation. Runs in the top folder.
#include <memory>
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
  Bytes key, integrityKey, plain, wire;
  SaParameters sa;
  uint64_t sequence;
  uint32_t outer, udp;  // header bytes of the wire packet

  Case(const std::string& line, const rp::crypto::Implementation* implementation)
      : key(hex(field(line, "encryptionKey"))),
        integrityKey(hex(field(line, "integrityKey"))),
        plain(hex(field(line, "plain"))),
        wire(hex(field(line, "wire"))),
        sa(rp::test::saOf(line)),
        sequence(sa.sequence + 1) {
    sa.udp = !field(line, "udp").empty();
    if (sa.udp) sa.srcPort = 4500, sa.dstPort = 4501;
    sa.suite.encryption = rp::crypto::toEncryption(field(line, "encryption"));
    sa.suite.encryptionKey = key;
    sa.suite.integrityKey = integrityKey;
    sa.suite.implementation = implementation;
    udp = sa.udp ? 8 : 0;
    uint8_t spi[4];
    for (int i = 0; i < 4; i++) spi[i] = uint8_t(sa.spi >> (24 - 8 * i));
    outer = 20;
    while (std::memcmp(wire.data() + outer + udp, spi, 4) != 0) outer++;
  }
};

constexpr uint32_t kRoom = 128;

InboundPacket arrived(const Case& c, Bytes& buffer, InboundSa& sa) {
  buffer.assign(kRoom, 0xee);
  buffer.insert(buffer.end(), c.wire.begin(), c.wire.end());
  InboundPacket p;
  p.data = buffer.data() + kRoom;
  p.length = uint32_t(c.wire.size());
  p.headroom = kRoom;
  p.sa = &sa;
  stripOuterHeader(p);
  CHECK(p.status == Status::ok);
  CHECK(p.data == buffer.data() + kRoom + c.outer + c.udp && p.headroom == kRoom + c.outer + c.udp);
  CHECK(p.length == c.wire.size() - c.outer - c.udp && p.ttl >= 63);
  return p;
}

void inbound(const Case& c) {
  InboundSa sa(c.sa);
  Bytes buffer;
  InboundPacket p = arrived(c, buffer, sa);
  decapsulate({&p, 1});
  if (!CHECK(p.status == Status::ok)) std::fprintf(stderr, "status %s\n", name(p.status));
  CHECK(p.length == c.plain.size() && p.sequence == c.sequence);
  if (p.length == c.plain.size()) CHECK_BYTES(p.data, c.plain.data(), p.length);
  CHECK(p.version == c.plain[0] >> 4);

  // Once more is a replay, one bit elsewhere a forgery.
  p = arrived(c, buffer, sa);
  decapsulate({&p, 1});
  CHECK(p.status == Status::replayed);
  InboundSa other(c.sa);
  for (uint32_t at = 0; at < c.wire.size() - c.outer - c.udp; at += 7) {
    p = arrived(c, buffer, other);
    p.data[at] ^= 0x10;
    decapsulate({&p, 1});
    // Another sequence number may be one that the window refuses already.
    const bool refused = p.status == Status::beforeWindow || p.status == Status::replayed;
    CHECK(p.status == Status::integrity || (at >= 4 && at < 8 && refused));
  }
  CHECK(other.window().highest() == c.sa.sequence);
}

void outbound(const Case& c) {
  OutboundSa sa(c.sa);
  Bytes buffer(kRoom, 0xee);
  buffer.insert(buffer.end(), c.plain.begin(), c.plain.end());
  buffer.resize(buffer.size() + sa.tailBytes());
  OutboundPacket p;
  p.data = buffer.data() + kRoom;
  p.length = uint32_t(c.plain.size());
  p.headroom = kRoom;
  p.tailroom = sa.tailBytes();
  p.sa = &sa;
  encapsulate({&p, 1});
  prependOuterHeader(p);
  if (!CHECK(p.status == Status::ok)) std::fprintf(stderr, "status %s\n", name(p.status));
  if (!CHECK(p.length == c.wire.size())) return;
  const uint32_t ivBytes = uint32_t(sa.suite().ivBytes()), iv = c.outer + c.udp + 8;
  if (!sa.suite().wantsRandomIv()) {
    CHECK_BYTES(p.data, c.wire.data(), p.length);
    return;
  }
  // All but the IV and what depends on it; and with the vector's IV the same bytes.
  CHECK_BYTES(p.data, c.wire.data(), iv);
  CHECK(std::memcmp(p.data + iv, c.wire.data() + iv, ivBytes) != 0);
  rp::crypto::Message m;
  m.textBytes = uint32_t(p.length - iv - ivBytes - sa.suite().icvBytes());
  m.esn = c.sa.esn;
  m.sequenceHigh = uint32_t(c.sequence >> 32);
  m.data = p.data + iv - 8;
  CHECK(sa.suite().open(m));
  std::memcpy(p.data + iv, c.wire.data() + iv, ivBytes);
  CHECK(sa.suite().seal(m));
  CHECK_BYTES(p.data, c.wire.data(), p.length);
}

}  // namespace

int main() {
  return rp::test::everyPacket<Case>("test/vectors/esp/packets.json", [](const Case& c) {
    inbound(c);
    outbound(c);
  });
}
