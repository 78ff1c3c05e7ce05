#include "esp/decapsulate.h"

#include <new>

#include "base/bytes.h"
#include "base/declassify.h"
#include "esp/ah.h"
#include "esp/ip_header.h"
#include "esp/ipcomp.h"
#include "esp/tunnel_header.h"

namespace rp::esp {

struct Decapsulation {
  static constexpr size_t kTogether = 64;

  // Up to the ICV: lengths and the replay window.
  static Status prepare(InboundPacket& p, crypto::Message& message) {
    const InboundSa& sa = *p.sa;
    const uint32_t head = 8 + uint32_t(sa.suite_.ivBytes()), icv = uint32_t(sa.suite_.icvBytes());
    if (p.length < head + icv + 2) return Status::tooShort;
    const uint32_t text = p.length - head - icv;
    // Blocks are of 1, 8 or 16 bytes.
    if ((text & (uint32_t(sa.suite_.blockBytes()) - 1)) != 0) return Status::badLength;
    p.sequence = sa.window_.extend(loadBe32(p.data + 4));
    message.data = p.data;
    message.aadBytes = 8;
    message.textBytes = text;
    message.esn = sa.window_.esn();
    message.sequenceHigh = uint32_t(p.sequence >> 32);
    return sa.window_.check(p.sequence);
  }

  // After the ICV: whose numbers are new. Those of one SA that follow each other are marked together.
  static void accept(std::span<InboundPacket*> packets) {
    uint64_t sequences[kTogether];
    Status statuses[kTogether];
    for (size_t first = 0; first < packets.size();) {
      size_t end = first, good = 0;
      for (; end < packets.size() && packets[end]->sa == packets[first]->sa; end++) {
        if (packets[end]->status == Status::ok) sequences[good++] = packets[end]->sequence;
      }
      packets[first]->sa->window_.accept({sequences, good}, statuses);
      for (good = 0; first < end; first++) {
        if (packets[first]->status == Status::ok) packets[first]->status = statuses[good++];
      }
    }
  }

  // After it.
  static Status finish(InboundPacket& p, uint32_t text) {
    const InboundSa& sa = *p.sa;
    const uint32_t head = 8 + uint32_t(sa.suite_.ivBytes());
    uint8_t* const body = p.data + head;
    const uint32_t pad = declassify(body[text - 2]);
    p.nextHeader = declassify(body[text - 1]);
    if (pad > text - 2) return Status::badPadding;
    const uint32_t payload = text - 2 - pad;
    uint8_t wrong = 0;
    for (uint32_t i = 0; i < pad; i++) wrong |= body[payload + i] ^ uint8_t(i + 1);
    if (declassify(wrong != 0)) return Status::badPadding;
    if (p.nextHeader == kNoNextHeader) return Status::dummy;
    return sa.mode_ == Mode::tunnel ? tunnel(p, body, payload, head) : transport(p, body, payload, head);
  }

 private:
  static Status tunnel(InboundPacket& p, uint8_t* body, uint32_t payload, uint32_t head) {
    IpPacket ip;
    const Status status = openTunnel(body, payload, p.nextHeader, p.tos, p.sa->copyDscp_, ip);
    if (status != Status::ok) return status;
    p.version = ip.version;
    p.data = body;
    p.headroom += head;
    p.length = ip.length;
    return Status::ok;
  }

  static Status transport(InboundPacket& p, uint8_t* body, uint32_t payload, uint32_t head) {
    const InboundSa& sa = *p.sa;
    const uint32_t header = p.headerBytes != 0 ? p.headerBytes : ipHeaderBytes(sa.dst_);
    if (header + payload > 65535) return Status::malformedInner;
    if (p.headroom + head < header) return Status::noRoom;
    uint8_t* const ip = body - header;
    if (p.headerBytes == 0) {
      writeIpHeader(ip, {sa.src_, sa.dst_, p.tos, p.ttl, p.nextHeader, true, 0, payload});
    } else {
      const uint8_t* const original = p.data - p.udpBytes - header;
      TransportPoint point;
      if (p.headroom < header + p.udpBytes || !TransportPoint::find(original, header, point)) {
        return Status::malformedInner;
      }
      // ESP comes behind every extension header that is there, destination options too.
      if (point.fragment) return Status::fragment;
      const uint32_t last = lastNextHeaderAt(original, header);
      if (last == 0) return Status::malformedInner;
      std::memmove(ip, original, header);
      rewriteIpHeader(ip, header, last, p.nextHeader, payload);
    }
    // Behind a routing header the checksum is over another destination (RFC 8200 8.1): left alone.
    const bool plain = ip[0] >> 4 == 4 || header == 40;
    if (sa.udp_ && plain) rewriteTransportChecksum(ip, p.nextHeader, body, payload);
    p.version = ip[0] >> 4;
    p.headroom = p.headroom + head - header;
    p.data = ip;
    p.length = header + payload;
    return Status::ok;
  }
};

void decapsulate(std::span<InboundPacket> packets) {
  // Made one by one: most batches are shorter than all of them are long to clear.
  union Operations {
    Operations() {}
    crypto::Operation at[Decapsulation::kTogether];
  } room;
  crypto::Operation* const operations = room.at;
  InboundPacket* waiting[Decapsulation::kTogether];
  size_t count = 0;
  const auto flush = [&] {
    crypto::open({operations, count});
    for (size_t i = 0; i < count; i++) waiting[i]->status = operations[i].ok ? Status::ok : Status::integrity;
    Decapsulation::accept({waiting, count});
    for (size_t i = 0; i < count; i++) {
      InboundPacket& p = *waiting[i];
      if (p.status == Status::ok) p.status = Decapsulation::finish(p, operations[i].message.textBytes);
    }
    count = 0;
  };
  for (InboundPacket& p : packets) {
    if (p.sa->protocol() != Protocol::esp) {
      p.sa->protocol() == Protocol::ah ? decapsulateAh(p) : decompress(p);
      continue;
    }
    crypto::Operation& o = *new (&operations[count]) crypto::Operation;
    p.status = Decapsulation::prepare(p, o.message);
    if (p.status != Status::ok) continue;
    o.suite = &p.sa->suite();
    waiting[count] = &p;
    if (++count == Decapsulation::kTogether) flush();
  }
  flush();
}

void stripOuterHeader(InboundPacket& p) {
  IpPacket ip;
  OuterHeader outer;
  p.status = Status::malformedOuter;
  if (!IpPacket::parse(p.data, p.length, ip) || !OuterHeader::parse(p.data, ip.length, outer)) return;
  const uint32_t udp = outer.protocol == kUdp ? 8 : 0, skip = outer.headerBytes + udp;
  const bool whole = outer.protocol == kEsp || outer.protocol == kAh || outer.protocol == kIpComp;
  if ((udp == 0 && !whole) || ip.length < skip) return;
  uint32_t length = ip.length - skip;
  if (udp > 0) {
    const uint32_t own = loadBe16(p.data + outer.headerBytes + 4);
    if (own < 8 || own - 8 > length) return;
    length = own - 8;
  }
  p.data += skip;
  p.headroom += skip;
  p.length = length;
  p.tos = ip.tos;
  p.ttl = outer.ttl;
  p.headerBytes = uint16_t(outer.headerBytes);
  p.udpBytes = uint16_t(udp);
  p.status = Status::ok;
}

}  // namespace rp::esp
