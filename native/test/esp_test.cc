// What ESP does at its edges: room, lengths, ECN, DF, fragments, padding, replays inside one batch, exhausted numbers.
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"
#include "esp/ip_header.h"
#include "esp/outbound_train.h"
#include "test/check.h"
#include "test/guarded.h"
#include "test/suites.h"

using namespace rp::esp;
using rp::Address, rp::loadBe16, rp::storeBe16;
using Bytes = std::vector<uint8_t>;

namespace {

const Bytes kKey = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

SaParameters parameters(int outer = 4, Mode mode = Mode::tunnel) {
  SaParameters p;
  p.spi = 0x12345678;
  p.mode = mode;
  p.src = Address::parse(outer == 4 ? "192.0.2.1" : "2001:db8::1", "src");
  p.dst = Address::parse(outer == 4 ? "198.51.100.2" : "2001:db8::2", "dst");
  p.suite.encryption = rp::crypto::Encryption::aesGcm;
  p.suite.encryptionKey = kKey;
  return p;
}

Bytes ipv4(uint8_t tos, size_t payload, uint16_t flags = 0x4000, uint8_t protocol = 17) {
  Bytes b(20 + payload, 0x5a);
  writeIpHeader(b.data(), {Address::parse("10.0.0.1", ""), Address::parse("10.0.0.2", ""), tos, 60, protocol, false, 7,
                           uint32_t(payload)});
  storeBe16(b.data() + 6, flags);
  rewriteIpHeader(b.data(), 20, 9, protocol, uint32_t(payload));
  return b;
}
Bytes ipv6(uint8_t tos, const Bytes& payload, uint8_t next) {
  Bytes b(40);
  writeIpHeader(b.data(), {Address::parse("2001:db8:1::1", ""), Address::parse("2001:db8:2::2", ""), tos, 60, next,
                           false, 0, uint32_t(payload.size())});
  b.insert(b.end(), payload.begin(), payload.end());
  return b;
}

struct Sent {
  Bytes buffer;
  OutboundPacket packet;

  Sent(OutboundSa& sa, const Bytes& plain, uint32_t headroom = 128, uint32_t tailroom = 64) : buffer(headroom, 0xcc) {
    buffer.insert(buffer.end(), plain.begin(), plain.end());
    buffer.resize(buffer.size() + tailroom);
    packet.data = buffer.data() + headroom;
    packet.length = uint32_t(plain.size());
    packet.headroom = headroom;
    packet.tailroom = tailroom;
    packet.sa = &sa;
    encapsulate({&packet, 1});
  }
  InboundPacket arrive(InboundSa& sa) {
    InboundPacket p;
    p.data = packet.data;
    p.length = packet.length;
    p.headroom = packet.headroom;
    p.sa = &sa;
    p.tos = packet.tos;
    return p;
  }
};

Status open(InboundPacket& p) {
  decapsulate({&p, 1});
  return p.status;
}

// A packet that someone who has the keys sends, with any text.
InboundPacket sealed(InboundSa& sa, Bytes& buffer, uint32_t sequence, const Bytes& text) {
  buffer.assign(64 + 16, 0);
  buffer.insert(buffer.end(), text.begin(), text.end());
  buffer.resize(buffer.size() + 16);
  uint8_t* esp = buffer.data() + 64;
  rp::storeBe32(esp, 0x12345678);
  rp::storeBe32(esp + 4, sequence);
  rp::storeBe64(esp + 8, sequence);
  rp::crypto::Message m;
  m.data = esp;
  m.textBytes = uint32_t(text.size());
  CHECK(sa.suite().seal(m));
  InboundPacket p;
  p.data = esp;
  p.length = uint32_t(16 + text.size() + 16);
  p.headroom = 64;
  p.sa = &sa;
  return p;
}

Bytes with(Bytes b, std::initializer_list<uint8_t> tail) {
  b.insert(b.end(), tail);
  return b;
}

void roundTrip() {
  for (const int outer : {4, 6}) {
    OutboundSa out(parameters(outer));
    InboundSa in(parameters(outer));
    for (size_t bytes = 0; bytes < 300; bytes++) {
      const Bytes plain = bytes % 2 != 0 ? ipv4(0, bytes) : ipv6(0, Bytes(bytes, 3), 17);
      Sent sent(out, plain);
      CHECK(sent.packet.status == Status::ok);
      CHECK(sent.packet.length == out.sealedBytes(uint32_t(plain.size())) && sent.packet.length % 4 == 0);
      CHECK(sent.packet.sequence == bytes + 1);
      InboundPacket p = sent.arrive(in);
      CHECK(open(p) == Status::ok);
      CHECK(p.length == plain.size() && p.version == (bytes % 2 != 0 ? 4 : 6));
      CHECK_BYTES(p.data, plain.data(), plain.size());
      CHECK(p.data - p.headroom == sent.buffer.data());
    }
  }
}

// Buffers without a byte to spare, at both ends of a page.
void guarded() {
  for (const auto encryption : {rp::crypto::Encryption::aesGcm, rp::crypto::Encryption::aesCbc}) {
    SaParameters s = parameters();
    const Bytes mac(32, 9);
    if (encryption == rp::crypto::Encryption::aesCbc) {
      s.suite.encryption = encryption;
      s.suite.encryptionKey = std::span(kKey).first(16);
      s.suite.integrity = rp::crypto::Integrity::sha256_128;
      s.suite.integrityKey = mac;
    }
    OutboundSa out(s);
    InboundSa in(s);
    rp::test::Guarded memory(4096);
    for (size_t bytes = 0; bytes < 200; bytes++) {
      const Bytes plain = ipv4(0, bytes);
      const uint32_t sealedBytes = out.sealedBytes(uint32_t(plain.size())), head = out.headBytes();
      for (const bool end : {false, true}) {
        uint8_t* start = end ? memory.atEnd(sealedBytes) : memory.atStart();
        std::memcpy(start + head, plain.data(), plain.size());
        OutboundPacket p;
        p.data = start + head;
        p.length = uint32_t(plain.size());
        p.headroom = head;
        p.tailroom = sealedBytes - head - p.length;
        p.sa = &out;
        encapsulate({&p, 1});
        CHECK(p.status == Status::ok && p.data == start && p.tailroom == 0 && p.headroom == 0);
        InboundPacket q;
        q.data = start;
        q.length = p.length;
        q.sa = &in;
        CHECK(open(q) == Status::ok);
        CHECK_BYTES(q.data, plain.data(), plain.size());
        // One byte less at either end: refused, nothing changed, no sequence number used.
        for (const bool front : {false, true}) {
          OutboundPacket tight;
          std::memcpy(start + head, plain.data(), plain.size());
          tight.data = start + head;
          tight.length = uint32_t(plain.size());
          tight.headroom = head - front;
          tight.tailroom = sealedBytes - head - tight.length - !front;
          tight.sa = &out;
          const uint64_t before = out.sequence();
          encapsulate({&tight, 1});
          CHECK(tight.status == Status::noRoom && out.sequence() == before && tight.data == start + head);
        }
      }
    }
  }
}

void ecnAndDscp() {
  constexpr uint8_t kDrop = 0xff;
  // RFC 6040 figure 4, rows inner, columns outer, both Not-ECT, ECT(1), ECT(0), CE by their code points.
  constexpr uint8_t kOut[4][4] = {{0, 0, 0, kDrop}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  OutboundSa out(parameters());
  InboundSa in(parameters());
  for (uint8_t inner = 0; inner < 4; inner++) {
    for (uint8_t outer = 0; outer < 4; outer++) {
      for (const bool v4 : {true, false}) {
        const uint8_t tos = uint8_t(0xb8 | inner);
        Sent sent(out, v4 ? ipv4(tos, 40) : ipv6(tos, Bytes(40), 17));
        CHECK(sent.packet.tos == tos);
        InboundPacket p = sent.arrive(in);
        p.tos = uint8_t(0x28 | outer);
        open(p);
        const uint8_t wanted = kOut[inner][outer];
        if (wanted == kDrop) {
          CHECK(p.status == Status::congestion);
          continue;
        }
        CHECK(p.status == Status::ok);
        const uint8_t got = v4 ? p.data[1] : uint8_t(loadBe16(p.data) >> 4);
        CHECK(got == (0xb8 | wanted));
        if (v4) CHECK(checksum(p.data, 20) == 0);
      }
    }
  }
  SaParameters fixed = parameters();
  fixed.copyDscp = false;
  fixed.dscp = 10;
  OutboundSa other(fixed);
  CHECK(Sent(other, ipv4(0xb9, 4)).packet.tos == (10 << 2 | 1));
}

void dontFragment() {
  for (const auto df : {DfPolicy::copy, DfPolicy::set, DfPolicy::clear}) {
    SaParameters s = parameters();
    s.df = df;
    OutboundSa out(s);
    for (const bool inner : {false, true}) {
      Sent sent(out, ipv4(0, 10, inner ? 0x4000 : 0));
      prependOuterHeader(sent.packet);
      const bool wanted = df == DfPolicy::set || (df == DfPolicy::copy && inner);
      CHECK((loadBe16(sent.packet.data + 6) == 0x4000) == wanted);
      CHECK((loadBe16(sent.packet.data + 4) != 0) == !wanted);
    }
    Sent six(out, ipv6(0, Bytes(8), 17));
    CHECK(six.packet.dontFragment == (df != DfPolicy::clear));
  }
}

void mtu() {
  for (const bool udp : {false, true}) {
    for (const int outer : {4, 6}) {
      SaParameters s = parameters(outer);
      s.udp = udp;
      s.srcPort = s.dstPort = 4500;
      OutboundSa out(s);
      for (uint32_t m = 100; m < 140; m++) {
        const uint32_t payload = out.maximumPayload(m);
        CHECK(out.outerBytes() + out.sealedBytes(payload) <= m);
        CHECK(out.outerBytes() + out.sealedBytes(payload + 1) > m);
      }
      CHECK(out.maximumPayload(20) == 0);
    }
  }
}

void refusedOutbound() {
  OutboundSa out(parameters());
  CHECK(Sent(out, Bytes(19, 0x45)).packet.status == Status::malformedInner);
  CHECK(Sent(out, Bytes(60, 0x55)).packet.status == Status::malformedInner);
  Bytes lies = ipv4(0, 10);
  storeBe16(lies.data() + 2, 31);
  CHECK(Sent(out, lies).packet.status == Status::malformedInner);
  Bytes shortHeader = ipv4(0, 10);
  shortHeader[0] = 0x44;
  CHECK(Sent(out, shortHeader).packet.status == Status::malformedInner);
  CHECK(out.sequence() == 0);
  CHECK(Sent(out, ipv4(0, 65515 - 30)).packet.status == Status::tooLong);
  // Padding of the link behind the packet is not sent along.
  Sent trailing(out, with(ipv4(0, 6), {9, 9, 9, 9}));
  CHECK(trailing.packet.status == Status::ok && trailing.packet.length == out.sealedBytes(26));

  SaParameters last = parameters();
  last.sequence = 0xfffffffe;
  OutboundSa end(last);
  CHECK(Sent(end, ipv4(0, 6)).packet.sequence == 0xffffffff);
  CHECK(end.exhausted());
  CHECK(Sent(end, ipv4(0, 6)).packet.status == Status::sequenceOverflow);
  CHECK(end.sequence() == 0xffffffff);
  last.esn = true;
  OutboundSa beyond(last);
  Sent(beyond, ipv4(0, 6));
  CHECK(Sent(beyond, ipv4(0, 6)).packet.sequence == 0x100000000);
}

// A hop-by-hop, a routing and two destination options headers: ESP goes behind the routing header.
void transport() {
  const Bytes chain = {60, 0, 1, 4, 0,  0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 60, 0, 0, 0,
                       0,  0, 0, 0, 17, 0, 1, 4, 0,  0, 0, 0, 1, 2, 3, 4, 0,  8, 0, 0};
  const Bytes plain = ipv6(0x20, chain, 0);
  OutboundSa out(parameters(6, Mode::transport));
  Sent sent(out, plain);
  CHECK(sent.packet.status == Status::ok && sent.packet.headerBytes == 40 + 24);
  prependOuterHeader(sent.packet);
  CHECK(sent.packet.data[40 + 16] == kEsp && sent.packet.data[6] == 0);
  CHECK(loadBe16(sent.packet.data + 4) == sent.packet.length - 40);
  InboundSa in(parameters(6, Mode::transport));
  InboundPacket p = sent.arrive(in);
  p.headerBytes = 64;
  p.data += 64;
  p.length -= 64;
  p.headroom += 64;
  CHECK(open(p) == Status::ok && p.length == plain.size());
  CHECK_BYTES(p.data, plain.data(), plain.size());

  // Destination options alone stay behind ESP, where they are protected.
  const Bytes options = {17, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4, 0, 8, 0, 0};
  CHECK(Sent(out, ipv6(0, options, 60)).packet.headerBytes == 40);
  const Bytes fragment = {17, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 0, 8, 0, 0};
  CHECK(Sent(out, ipv6(0, fragment, 44)).packet.status == Status::fragment);
  CHECK(Sent(out, ipv6(0, {17, 9, 0, 0, 0, 0, 0, 0}, 0)).packet.status == Status::malformedInner);
  OutboundSa four(parameters(4, Mode::transport));
  CHECK(Sent(four, ipv4(0, 20, 0x2000)).packet.status == Status::fragment);
  CHECK(Sent(four, ipv4(0, 20, 0x0003)).packet.status == Status::fragment);
}

// From a UDP socket there is no header: one is made, and the checksum computed over it.
void transportFromSocket() {
  SaParameters s = parameters(4, Mode::transport);
  s.udp = true;
  s.srcPort = s.dstPort = 4500;
  OutboundSa out(s);
  InboundSa in(s);
  Bytes plain = ipv4(0x11, 28);
  storeBe16(plain.data() + 24, 28);
  storeBe16(plain.data() + 26, 0xbeef);
  Sent sent(out, plain);
  InboundPacket p = sent.arrive(in);
  p.ttl = 33;
  CHECK(open(p) == Status::ok && p.length == plain.size());
  CHECK(p.data[8] == 33 && p.data[9] == 17 && p.data[1] == 0x11 && checksum(p.data, 20) == 0);
  CHECK_BYTES(p.data + 12, s.src.bytes, 4);
  CHECK_BYTES(p.data + 16, s.dst.bytes, 4);
  const uint16_t got = loadBe16(p.data + 26);
  rewriteTransportChecksum(p.data, 17, p.data + 20, 28);
  CHECK(got == loadBe16(p.data + 26) && got != 0xbeef);
  Bytes pseudo(p.data + 12, p.data + 20);
  pseudo.insert(pseudo.end(), {0, 17, 0, 28});
  pseudo.insert(pseudo.end(), p.data + 20, p.data + 48);
  CHECK(checksum(pseudo.data(), uint32_t(pseudo.size())) == 0);

  Sent again(out, plain);
  p = again.arrive(in);
  p.headroom = 3;
  CHECK(open(p) == Status::noRoom);
}

void hostileInbound() {
  InboundSa in(parameters());
  Bytes b;
  uint32_t sequence = 0;
  const Bytes inner = ipv4(0, 8);
  const auto status = [&](const Bytes& text) {
    InboundPacket p = sealed(in, b, ++sequence, text);
    return open(p);
  };
  CHECK(status(with(inner, {1, 2, 2, 4})) == Status::ok);
  CHECK(status(with(inner, {1, 3, 2, 4})) == Status::badPadding);
  CHECK(status(with(inner, {0, 0, 200, 4})) == Status::badPadding);
  CHECK(status({1, 4}) == Status::badPadding);
  CHECK(status({0, 4}) == Status::malformedInner);
  CHECK(status(with(inner, {0, 6})) == Status::badNextHeader);
  CHECK(status(with(inner, {0, 59})) == Status::dummy);
  CHECK(status(with(inner, {0, 41})) == Status::malformedInner);
  CHECK(status(with(Bytes(19, 0x45), {0, 4})) == Status::malformedInner);
  Bytes longer = inner;
  storeBe16(longer.data() + 2, 29);
  CHECK(status(with(longer, {0, 4})) == Status::malformedInner);
  // Traffic flow confidentiality padding behind the inner packet (RFC 4303 2.7).
  Bytes padded = inner;
  padded.resize(200);
  InboundPacket p = sealed(in, b, ++sequence, with(padded, {0, 4}));
  CHECK(open(p) == Status::ok && p.length == inner.size());

  for (uint32_t bytes = 0; bytes < 34; bytes++) {
    p = sealed(in, b, ++sequence, with(inner, {0, 4}));
    p.length = bytes;
    CHECK(open(p) == Status::tooShort);
  }
  SaParameters s = parameters();
  const Bytes mac(20, 5);
  s.suite.encryption = rp::crypto::Encryption::aesCbc;
  s.suite.encryptionKey = std::span(kKey).first(16);
  s.suite.integrity = rp::crypto::Integrity::sha1_96;
  s.suite.integrityKey = mac;
  InboundSa cbc(s);
  Bytes odd(8 + 16 + 17 + 12);
  p = {};
  p.data = odd.data();
  p.length = uint32_t(odd.size());
  p.sa = &cbc;
  odd[7] = 1;
  CHECK(open(p) == Status::badLength);
}

// Many SAs, more packets than one chunk, with copies inside the batch.
void batches() {
  std::vector<std::unique_ptr<OutboundSa>> out;
  std::vector<std::unique_ptr<InboundSa>> in;
  for (int i = 0; i < 5; i++) {
    out.push_back(std::make_unique<OutboundSa>(parameters()));
    in.push_back(std::make_unique<InboundSa>(parameters()));
  }
  std::vector<Bytes> plain, copies;
  std::vector<Sent> sent;
  for (size_t i = 0; i < 150; i++) {
    plain.push_back(ipv4(0, i * 3));
    sent.emplace_back(*out[i % 5], plain.back());
  }
  std::vector<InboundPacket> packets;
  for (size_t i = 0; i < sent.size(); i++) packets.push_back(sent[i].arrive(*in[i % 5]));
  for (size_t i = 0; i < sent.size(); i += 3) {
    copies.emplace_back(sent[i].packet.data, sent[i].packet.data + sent[i].packet.length);
    packets.push_back(packets[i]);
    packets.back().data = copies.back().data();
    packets.back().headroom = 0;
  }
  decapsulate(packets);
  for (size_t i = 0; i < packets.size(); i++) {
    if (i < plain.size()) {
      CHECK(packets[i].status == Status::ok && packets[i].length == plain[i].size());
      CHECK_BYTES(packets[i].data, plain[i].data(), plain[i].size());
    } else {
      CHECK(packets[i].status == Status::replayed);
    }
  }
  CHECK(in[0]->window().highest() == 30);
  encapsulate({});
  decapsulate({});
}

// A train is what encapsulate() makes of the same packets, one behind the other.
void train() {
  for (const auto& suite : rp::test::kSuites) {
    for (const uint8_t icv : {8, 12, 16}) {
      const bool choice = suite.encryption == rp::crypto::Encryption::aesGcm;
      if (icv != 16 && !choice) continue;
      SaParameters s = parameters();
      Bytes key(suite.keyBytes);
      for (size_t i = 0; i < key.size(); i++) key[i] = uint8_t(11 * i + 5);
      const Bytes mac(suite.integrityBytes, 9);
      s.suite.encryption = suite.encryption;
      s.suite.encryptionKey = key;
      s.suite.integrity = suite.integrity;
      s.suite.integrityKey = mac;
      s.suite.icvBytes = icv;
      s.esn = true;
      s.sequence = 0xfffffffe;
      for (const size_t payload : {0, 1, 2, 3, 4, 5, 13, 14, 15, 16, 700, 1380}) {
        const bool six = payload % 2 != 0;
        const Bytes plain = six ? ipv6(0xb8, Bytes(payload, 0x33), 17) : ipv4(0xb8, payload);
        constexpr uint32_t kPackets = 5;
        OutboundSa one(s), many(s);
        InboundSa in(s);
        OutboundTrain t;
        CHECK(t.begin(many, plain, uint32_t(plain.size())) == Status::ok);
        CHECK(t.tos() == 0xb8 && t.headBytes() == one.headBytes());
        CHECK(t.sealedBytes() == one.sealedBytes(uint32_t(plain.size())));
        uint64_t sequence;
        CHECK(many.take(kPackets, sequence) == kPackets);
        // Not a byte more than they take.
        Bytes row(kPackets * t.sealedBytes());
        rp::crypto::Operation operations[kPackets];
        for (uint32_t i = 0; i < kPackets; i++) {
          uint8_t* const at = &row[i * t.sealedBytes()];
          std::memcpy(at + t.headBytes(), plain.data(), plain.size());
          t.wrap(at, sequence + i, operations[i]);
        }
        rp::crypto::seal(operations);
        for (uint32_t i = 0; i < kPackets; i++) {
          const Sent sent(one, plain);
          uint8_t* const at = &row[i * t.sealedBytes()];
          if (!many.suite().wantsRandomIv()) CHECK_BYTES(at, sent.packet.data, sent.packet.length);
          InboundPacket p;
          p.data = at;
          p.length = t.sealedBytes();
          p.sa = &in;
          p.tos = t.tos();
          CHECK(open(p) == Status::ok && p.length == plain.size());
          CHECK_BYTES(p.data, plain.data(), plain.size());
        }
        CHECK(one.sequence() == many.sequence());
      }
    }
  }
  OutboundSa sa(parameters());
  OutboundTrain t;
  const Bytes plain = ipv4(0, 100);
  CHECK(t.begin(sa, plain, 65500) == Status::tooLong);
  CHECK(t.begin(sa, std::span(plain).first(10), 10) == Status::malformedInner);
}

void outerHeaders() {
  const auto strip = [](Bytes b) {
    InboundPacket p;
    p.data = b.data();
    p.length = uint32_t(b.size());
    stripOuterHeader(p);
    CHECK(p.status == Status::ok || (p.data == b.data() && p.length == b.size()));
    return p;
  };
  CHECK(strip(ipv4(0, 40, 0, kEsp)).length == 40);
  CHECK(strip(ipv4(0, 40, 0, kTcp)).status == Status::malformedOuter);
  CHECK(strip(ipv4(0, 40, 0x2000, kEsp)).status == Status::malformedOuter);
  CHECK(strip(ipv4(0, 40, 1, kEsp)).status == Status::malformedOuter);
  CHECK(strip(ipv4(0, 7, 0, kUdp)).status == Status::malformedOuter);
  Bytes udp = ipv4(3, 40, 0, kUdp);
  storeBe16(udp.data() + 24, 30);
  const InboundPacket p = strip(udp);
  CHECK(p.status == Status::ok && p.length == 22 && p.udpBytes == 8 && p.headerBytes == 20 && p.tos == 3 &&
        p.ttl == 60);
  for (const uint16_t length : {0, 7, 41, 65535}) {
    storeBe16(udp.data() + 24, length);
    CHECK(strip(udp).status == Status::malformedOuter);
  }
  const Bytes options = {kEsp, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4, 0, 8, 0, 0};
  CHECK(strip(ipv6(0, options, 60)).length == 8);
  CHECK(strip(ipv6(0, options, 44)).status == Status::malformedOuter);
  for (size_t bytes = 0; bytes < 40 + options.size(); bytes++) {
    Bytes cut = ipv6(0, options, 60);
    cut.resize(bytes);
    CHECK(strip(cut).status == Status::malformedOuter);
    if (bytes < 40) continue;
    storeBe16(cut.data() + 4, uint16_t(bytes - 40));
    CHECK((strip(cut).status == Status::ok) == (bytes >= 48));
  }
}

void parametersRefused() {
  SaParameters s = parameters();
  s.spi = 255;
  CHECK_THROWS(OutboundSa{s}, rp::ArgumentError, "spi: ");
  s = parameters();
  s.dst = Address::parse("::1", "dst");
  CHECK_THROWS(InboundSa{s}, rp::ArgumentError, "dst: ");
  s = parameters();
  s.udp = true;
  CHECK_THROWS(OutboundSa{s}, rp::ArgumentError, "udp: ");
  s = parameters();
  s.sequence = uint64_t(1) << 32;
  CHECK_THROWS(OutboundSa{s}, rp::ArgumentError, "sequence: ");
  CHECK_THROWS(Address::parse("1.2.3", "src"), rp::ArgumentError, "src: not an IP address: 1.2.3");
}

}  // namespace

int main() {
  roundTrip();
  guarded();
  ecnAndDscp();
  dontFragment();
  mtu();
  refusedOutbound();
  transport();
  transportFromSocket();
  hostileInbound();
  batches();
  train();
  outerHeaders();
  parametersRefused();
  for (int i = 0; i < kStatuses; i++) CHECK(std::strlen(name(Status(i))) > 1);
  return rp::test::checkFailures();
}
