#include "esp/ipcomp.h"

#include <cstring>

#include "base/bytes.h"
#include "esp/ip_header.h"
#include "esp/tunnel_header.h"

namespace rp::esp {
namespace {

// Next header, flags, CPI (RFC 3173 3.1).
constexpr uint32_t kHeaderBytes = 4;
// Shorter payloads hardly ever shrink, and the work is wasted (RFC 3173 2.2, "threshold").
constexpr uint32_t kThreshold = 90;

Status pack(OutboundPacket& p) {
  OutboundSa& sa = *p.sa;
  IpPacket ip;
  if (!IpPacket::parse(p.data, p.length, ip)) return Status::malformedInner;
  const bool tunnel = sa.mode() == Mode::tunnel;
  TransportPoint point{ipHeaderBytes(sa.dst()), 0, false};
  if (!tunnel && !TransportPoint::find(p.data, ip.length, point)) return Status::malformedInner;
  if (!tunnel && point.fragment) return Status::fragment;
  const uint32_t skip = tunnel ? 0 : point.headerBytes, payload = ip.length - skip;
  const std::lock_guard lock(sa.deflate().mutex);
  const auto packed =
      payload < kThreshold ? std::nullopt : sa.deflate().run({p.data + skip, payload}, payload - kHeaderBytes - 1);
  const uint8_t inner = tunnel ? (ip.version == 4 ? kIpv4 : kIpv6) : p.data[point.nextHeaderAt];
  const uint32_t body = packed ? kHeaderBytes + uint32_t(packed->size()) : payload;
  if (tunnel) {
    if (p.headroom < point.headerBytes) return Status::noRoom;
    if (point.headerBytes + body > 65535) return Status::tooLong;
    p.tos = sa.header().tos(ip);
    p.dontFragment = sa.header().dontFragment(ip);
    p.data -= point.headerBytes;
    p.headroom -= point.headerBytes;
    writeIpHeader(p.data, {sa.src(), sa.dst(), p.tos, sa.header().ttl, packed ? kIpComp : inner, p.dontFragment,
                           uint16_t(sa.nextIdentification()), body});
  } else {
    p.tos = ip.tos;
    p.dontFragment = ip.dontFragment;
    if (packed) rewriteIpHeader(p.data, point.headerBytes, point.nextHeaderAt, kIpComp, body);
  }
  p.whole = true;
  p.headerBytes = 0;
  const uint32_t before = p.length + (tunnel ? point.headerBytes : 0);
  p.length = point.headerBytes + body;
  p.tailroom += before - p.length;
  if (!packed) return Status::ok;
  uint8_t* const at = p.data + point.headerBytes;
  at[0] = inner;
  at[1] = 0;
  storeBe16(at + 2, uint16_t(sa.spi()));
  std::memcpy(at + kHeaderBytes, packed->data(), packed->size());
  return Status::ok;
}

Status unpack(InboundPacket& p) {
  InboundSa& sa = *p.sa;
  const uint32_t header = p.headerBytes;
  if (p.length < kHeaderBytes) return Status::tooShort;
  if (header < 20 || p.udpBytes != 0 || p.headroom < header) return Status::malformedOuter;
  uint8_t* const outer = p.data - header;
  const uint32_t last = lastNextHeaderAt(outer, header);
  if (last == 0 || outer[last] != kIpComp) return Status::malformedOuter;
  const uint8_t nextHeader = p.data[0];
  const std::lock_guard lock(sa.deflate().mutex);
  const auto whole = sa.deflate().run({p.data + kHeaderBytes, p.length - kHeaderBytes}, 65535 - header);
  if (!whole) return sa.deflate().overflowed() ? Status::noRoom : Status::integrity;
  const uint32_t bytes = uint32_t(whole->size());
  if (bytes > p.length + p.tailroom) return Status::noRoom;
  p.nextHeader = nextHeader;
  p.sequence = 0;
  uint8_t* const body = p.data;
  std::memcpy(body, whole->data(), bytes);
  p.tailroom += p.length;
  p.tailroom -= bytes;
  if (sa.mode() == Mode::tunnel) {
    IpPacket ip;
    const Status status = openTunnel(body, bytes, nextHeader, p.tos, sa.copyDscp(), ip);
    if (status != Status::ok) return status;
    p.version = ip.version;
    p.length = ip.length;
    return Status::ok;
  }
  p.version = outer[0] >> 4;
  rewriteIpHeader(outer, header, last, nextHeader, bytes);
  p.data = outer;
  p.headroom -= header;
  p.length = header + bytes;
  return Status::ok;
}

}  // namespace

void compress(OutboundPacket& p) { p.status = pack(p); }
void decompress(InboundPacket& p) { p.status = unpack(p); }

}  // namespace rp::esp
