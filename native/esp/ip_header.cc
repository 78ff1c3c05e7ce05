#include "esp/ip_header.h"

#include "base/bytes.h"

namespace rp::esp {
namespace {

constexpr uint8_t kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3;

uint8_t trafficClass(const uint8_t* p) { return uint8_t(loadBe16(p) >> 4); }

void setTrafficClass(uint8_t* p, uint8_t version, uint8_t tos) {
  const uint16_t before = loadBe16(p);
  if (version == 4) {
    p[1] = tos;
    // RFC 1624 equation 3, so that a wrong checksum stays wrong.
    uint32_t sum = uint32_t(uint16_t(~loadBe16(p + 10))) + uint16_t(~before) + loadBe16(p);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    storeBe16(p + 10, uint16_t(~sum));
  } else {
    storeBe16(p, uint16_t((before & 0xf00f) | tos << 4));
  }
}

}  // namespace

bool IpPacket::parse(const uint8_t* p, uint32_t bytes, IpPacket& out) {
  if (bytes < 20) return false;
  out.version = p[0] >> 4;
  if (out.version == 4) {
    const uint32_t header = (p[0] & 15u) * 4;
    out.length = loadBe16(p + 2);
    out.tos = p[1];
    out.dontFragment = p[6] & 0x40;
    return header >= 20 && out.length >= header && out.length <= bytes;
  }
  if (out.version != 6 || bytes < 40) return false;
  out.length = 40u + loadBe16(p + 4);
  out.tos = trafficClass(p);
  out.dontFragment = true;
  return out.length <= bytes;
}

bool TransportPoint::find(const uint8_t* p, uint32_t bytes, TransportPoint& out) {
  if (bytes < 20) return false;
  if (p[0] >> 4 == 4) {
    out.headerBytes = (p[0] & 15u) * 4;
    out.nextHeaderAt = 9;
    out.fragment = (loadBe16(p + 6) & 0x3fff) != 0;
    return out.headerBytes >= 20 && out.headerBytes <= bytes;
  }
  if (p[0] >> 4 != 6 || bytes < 40) return false;
  out = {40, 6, false};
  uint32_t at = 40, field = 6;
  for (;;) {
    const uint8_t type = p[field];
    if (type != kHopByHop && type != kRouting && type != kFragment && type != kDestination) return true;
    if (bytes - at < 8) return false;
    const uint32_t length = type == kFragment ? 8 : (p[at + 1] + 1u) * 8;
    if (bytes - at < length) return false;
    field = at;
    at += length;
    if (type == kFragment) out.fragment = true;
    // Destination options are for the final destination unless one of the others follows them.
    if (type != kDestination) {
      out.headerBytes = at;
      out.nextHeaderAt = field;
    }
  }
}

bool OuterHeader::parse(const uint8_t* p, uint32_t bytes, OuterHeader& out) {
  if (p[0] >> 4 == 4) {
    out = {(p[0] & 15u) * 4, p[9], p[8]};
    return (loadBe16(p + 6) & 0x3fff) == 0;
  }
  uint32_t at = 40;
  uint8_t type = p[6];
  while (type == kHopByHop || type == kRouting || type == kDestination) {
    if (bytes - at < 8) return false;
    const uint32_t length = (p[at + 1] + 1u) * 8;
    if (bytes - at < length) return false;
    type = p[at];
    at += length;
  }
  out = {at, type, p[7]};
  return type != kFragment;
}

uint32_t lastNextHeaderAt(const uint8_t* p, uint32_t bytes) {
  if (p[0] >> 4 == 4) return (p[0] & 15u) * 4 == bytes ? 9 : 0;
  uint32_t at = 40, field = 6;
  while (at < bytes) {
    if (bytes - at < 8) return 0;
    field = at;
    at += (p[at + 1] + 1u) * 8;
  }
  return at == bytes ? field : 0;
}

uint16_t checksum(const uint8_t* p, uint32_t bytes, uint64_t sum) {
  for (; bytes >= 4; p += 4, bytes -= 4) sum += load<uint32_t>(p);
  if (bytes >= 2) {
    sum += load<uint16_t>(p);
    p += 2;
    bytes -= 2;
  }
  if (bytes > 0) sum += *p;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

void writeIpHeader(uint8_t* p, const IpHeader& h) {
  if (h.dst.version == 4) {
    p[0] = 0x45;
    p[1] = h.tos;
    storeBe16(p + 2, uint16_t(20 + h.payloadBytes));
    storeBe16(p + 4, h.identification);
    storeBe16(p + 6, h.dontFragment ? 0x4000 : 0);
    p[8] = h.ttl;
    p[9] = h.protocol;
    store<uint16_t>(p + 10, 0);
    std::memcpy(p + 12, h.src.bytes, 4);
    std::memcpy(p + 16, h.dst.bytes, 4);
    store(p + 10, checksum(p, 20));
  } else {
    storeBe32(p, 0x60000000u | uint32_t(h.tos) << 20);
    storeBe16(p + 4, uint16_t(h.payloadBytes));
    p[6] = h.protocol;
    p[7] = h.ttl;
    std::memcpy(p + 8, h.src.bytes, 16);
    std::memcpy(p + 24, h.dst.bytes, 16);
  }
}

void rewriteIpHeader(uint8_t* p, uint32_t headerBytes, uint32_t nextHeaderAt, uint8_t nextHeader,
                     uint32_t payloadBytes) {
  p[nextHeaderAt] = nextHeader;
  if (p[0] >> 4 == 4) {
    storeBe16(p + 2, uint16_t(headerBytes + payloadBytes));
    store<uint16_t>(p + 10, 0);
    store(p + 10, checksum(p, headerBytes));
  } else {
    storeBe16(p + 4, uint16_t(headerBytes - 40 + payloadBytes));
  }
}

void rewriteTransportChecksum(const uint8_t* ip, uint8_t protocol, uint8_t* payload, uint32_t payloadBytes) {
  const uint32_t at = protocol == kTcp ? 16 : 6;
  if ((protocol != kTcp && protocol != kUdp) || payloadBytes < (protocol == kTcp ? 20u : 8u)) return;
  if (protocol == kUdp) {
    if (load<uint16_t>(payload + at) == 0) return;
    // What is behind the datagram's own length is traffic flow confidentiality padding (RFC 4303 2.7).
    const uint32_t own = loadBe16(payload + 4);
    if (own < 8 || own > payloadBytes) return;
    payloadBytes = own;
  }
  const bool v4 = ip[0] >> 4 == 4;
  uint64_t sum = uint64_t(__builtin_bswap32(payloadBytes)) + __builtin_bswap16(protocol);
  const uint8_t* addresses = ip + (v4 ? 12 : 8);
  for (int i = 0; i < (v4 ? 8 : 32); i += 4) sum += load<uint32_t>(addresses + i);
  store<uint16_t>(payload + at, 0);
  uint16_t value = checksum(payload, payloadBytes, sum);
  if (protocol == kUdp && value == 0) value = 0xffff;
  store(payload + at, value);
}

bool decapsulateEcn(uint8_t* inner, uint8_t version, uint8_t outerTos) {
  const uint8_t outer = outerTos & 3;
  const uint8_t tos = version == 4 ? inner[1] : trafficClass(inner);
  const uint8_t old = tos & 3;
  uint8_t ecn = old;
  if (outer == kCe) {
    if (old == kNotEct) return false;
    ecn = kCe;
  } else if (outer == kEct1 && old == kEct0) {
    ecn = kEct1;
  }
  if (ecn != old) setTrafficClass(inner, version, uint8_t((tos & ~3) | ecn));
  return true;
}

void setDscp(uint8_t* inner, uint8_t version, uint8_t tos) {
  const uint8_t old = version == 4 ? inner[1] : trafficClass(inner);
  if ((old ^ tos) & 0xfc) setTrafficClass(inner, version, uint8_t((tos & 0xfc) | (old & 3)));
}

}  // namespace rp::esp
