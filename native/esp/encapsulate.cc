#include "esp/encapsulate.h"

#include <algorithm>

#include "base/bytes.h"
#include "esp/ah.h"
#include "esp/ip_header.h"
#include "esp/ipcomp.h"
#include "esp/sequence_range.h"

namespace rp::esp {

// The trailer's padding is 1, 2, 3... (RFC 4303 2.4).
constexpr uint8_t kPadding[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct Encapsulation {
  // Everything but the cryptography, of the first packet of `rest`. On ok it is laid out and `message` is what is to be
  // sealed.
  static Status prepare(std::span<OutboundPacket> rest, SequenceRange& sequences, crypto::Message& message) {
    OutboundPacket& p = rest.front();
    OutboundSa& sa = *p.sa;
    IpPacket ip;
    if (p.dummy)
      ip = {4, 0, false, p.length};
    else if (!IpPacket::parse(p.data, p.length, ip))
      return Status::malformedInner;
    uint32_t header = 0, nextHeaderAt = 0;
    uint8_t nextHeader = p.dummy ? kNoNextHeader : ip.version == 4 ? kIpv4 : kIpv6;
    if (sa.mode_ == Mode::transport && !p.dummy) {
      TransportPoint point;
      if (!TransportPoint::find(p.data, ip.length, point)) return Status::malformedInner;
      if (point.fragment) return Status::fragment;
      header = point.headerBytes;
      nextHeaderAt = point.nextHeaderAt;
      nextHeader = p.data[point.nextHeaderAt];
    }

    // What lies behind the IP packet in the caller's buffer is room too.
    const uint32_t room = p.tailroom + (p.length - ip.length);
    // Padding for confidentiality is for who left room for it.
    uint32_t confidential = sa.paddedBytes(ip.length) - ip.length;
    if (sa.headBytes() + ip.length + room < sa.sealedBytes(ip.length + confidential)) confidential = 0;
    const uint32_t payload = ip.length - header + confidential, head = sa.headBytes(), sealed = sa.sealedBytes(payload);
    const uint32_t icv = uint32_t(sa.suite_.icvBytes()), text = sealed - head - icv, pad = text - payload - 2;
    if (p.headroom < head || room < text - (payload - confidential) + icv) return Status::noRoom;
    if (sealed + std::max(header, ipHeaderBytes(sa.dst_)) + (sa.udp_ ? 8 : 0) > 65535) return Status::tooLong;
    const uint64_t sequence = sequences.next(rest);
    if (sequence == 0) return Status::sequenceOverflow;

    uint8_t* const body = p.data + header;
    if (confidential > 0) std::memset(body + payload - confidential, 0, confidential);
    std::memcpy(body + payload, kPadding, pad);
    body[payload + pad] = uint8_t(pad);
    body[payload + pad + 1] = nextHeader;
    uint8_t* const esp = body - head;
    if (header > 0) {
      std::memmove(esp - header, p.data, header);
      const bool udp = sa.udp_;
      rewriteIpHeader(esp - header, header, nextHeaderAt, udp ? kUdp : kEsp, sealed + (udp ? 8 : 0));
    }
    storeBe32(esp, sa.spi_);
    storeBe32(esp + 4, uint32_t(sequence));
    if (sa.ivGenerator_) {
      uint8_t iv[16];
      sa.ivGenerator_->generate(sequence, iv);
      std::memcpy(esp + 8, iv, head - 8);
    } else if (head == 16) {
      // A counter never repeats under the key (RFC 4106 3.1, RFC 3686 3.1, RFC 7634 2).
      storeBe64(esp + 8, sequence);
    }

    message.data = esp;
    message.aadBytes = 8;
    message.textBytes = text;
    message.esn = sa.esn_;
    message.sequenceHigh = uint32_t(sequence >> 32);

    p.headerBytes = uint16_t(header);
    p.sequence = sequence;
    p.tos = ip.tos;
    p.dontFragment = ip.dontFragment;
    if (sa.mode_ == Mode::tunnel) {
      p.tos = sa.header_.tos(ip);
      p.dontFragment = sa.header_.dontFragment(ip);
    }
    p.data = esp;
    p.headroom -= head - header;
    p.tailroom = room - (text - (payload - confidential) + icv);
    p.length = sealed;
    return Status::ok;
  }
};

void encapsulate(std::span<OutboundPacket> packets) {
  if (packets.empty()) return;
  constexpr size_t kChunk = 64;
  crypto::Operation operations[kChunk];
  size_t count = 0;
  SequenceRange sequences;
  for (size_t i = 0; i < packets.size(); i++) {
    OutboundPacket& p = packets[i];
    if (p.sa->protocol() != Protocol::esp) {
      p.sa->protocol() == Protocol::ah ? encapsulateAh(p) : compress(p);
      continue;
    }
    crypto::Operation& o = operations[count];
    p.status = Encapsulation::prepare(packets.subspan(i), sequences, o.message);
    if (p.status != Status::ok) continue;
    o.suite = &p.sa->suite();
    if (++count == kChunk) {
      crypto::seal({operations, count});
      count = 0;
    }
  }
  crypto::seal({operations, count});
}

void prependOuterHeader(OutboundPacket& p) {
  if (p.status != Status::ok || p.whole) return;
  const OutboundSa& sa = *p.sa;
  // A dummy of transport mode has no header of its own.
  const bool tunnel = p.headerBytes == 0;
  const uint32_t udp = sa.udp() ? 8 : 0, ip = tunnel ? ipHeaderBytes(sa.dst()) : p.headerBytes;
  if (p.headroom < ip + udp) {
    p.status = Status::noRoom;
    return;
  }
  const uint32_t payload = p.length + udp;
  uint8_t* const header = p.data - udp - ip;
  if (tunnel) {
    // Without DF a router may fragment, and the identification has to differ from packet to packet (RFC 6864 4.1).
    const uint16_t identification = p.dontFragment ? 0 : uint16_t(p.sequence);
    const uint8_t protocol = udp > 0 ? kUdp : kEsp;
    writeIpHeader(header,
                  {sa.src(), sa.dst(), p.tos, sa.header().ttl, protocol, p.dontFragment, identification, payload});
  } else if (udp > 0) {
    std::memmove(header, header + udp, ip);
  }
  if (udp > 0) {
    // RFC 3948 2.1: the checksum should be zero.
    uint8_t* const datagram = header + ip;
    storeBe16(datagram, sa.srcPort());
    storeBe16(datagram + 2, sa.dstPort());
    storeBe16(datagram + 4, uint16_t(payload));
    storeBe16(datagram + 6, 0);
  }
  p.data = header;
  p.headroom -= ip + udp;
  p.length = ip + payload;
}

}  // namespace rp::esp
