#include "esp/ah.h"

#include <cstring>

#include "base/bytes.h"
#include "esp/ip_header.h"
#include "esp/mutable_fields.h"
#include "esp/tunnel_header.h"

namespace rp::esp {
namespace {

// Next header, length, reserved, SPI, sequence number (RFC 4302 2).
constexpr uint32_t kFixedBytes = 12;
constexpr uint32_t kMaximumIcv = 32;
// A chain of extension headers longer than this is no traffic anybody sends.
constexpr uint32_t kMaximumHeader = 1024;

// The header in front of AH, mutable fields zero for as long as this lives, then as it was.
class ClearedHeader {
 public:
  ClearedHeader(uint8_t* header, uint32_t bytes, bool sending) : header_(header), bytes_(bytes) {
    std::memcpy(saved_, header, bytes);
    ok_ = clearMutableFields(header, bytes, sending);
  }
  ~ClearedHeader() { std::memcpy(header_, saved_, bytes_); }
  ClearedHeader(const ClearedHeader&) = delete;
  ClearedHeader& operator=(const ClearedHeader&) = delete;
  bool ok() const { return ok_; }

 private:
  uint8_t* header_;
  uint32_t bytes_;
  bool ok_;
  uint8_t saved_[kMaximumHeader];
};

// The suite's MAC is over aad and text alike, and finds its tag behind them; the first eight bytes of the packet stand
// in for the aad that it wants with an extended sequence number (RFC 4302 3.3.3.2.2).
crypto::Message messageOf(uint8_t* packet, uint32_t bytes, bool esn, uint64_t sequence) {
  crypto::Message m;
  m.data = packet;
  m.aadBytes = 8;
  m.textBytes = bytes - 8;
  m.esn = esn;
  m.sequenceHigh = uint32_t(sequence >> 32);
  return m;
}

}  // namespace

struct AhOutbound {
  static Status run(OutboundPacket& p) {
    OutboundSa& sa = *p.sa;
    IpPacket ip;
    if (!IpPacket::parse(p.data, p.length, ip)) return Status::malformedInner;
    const bool tunnel = sa.mode_ == Mode::tunnel;
    TransportPoint point{ipHeaderBytes(sa.dst_), 0, false};
    if (!tunnel) {
      if (!TransportPoint::find(p.data, ip.length, point)) return Status::malformedInner;
      if (point.fragment) return Status::fragment;
      if ((ip.version == 4) != (sa.dst_.version == 4)) return Status::malformedInner;
    }
    const uint32_t header = point.headerBytes, ah = sa.headBytes(), icv = uint32_t(sa.suite_.icvBytes());
    const uint32_t payload = ip.length - (tunnel ? 0 : header), total = header + ah + payload;
    const uint32_t more = total - ip.length, room = p.tailroom + (p.length - ip.length);
    if (p.headroom < more || room < icv) return Status::noRoom;
    if (header > kMaximumHeader || total - (ip.version == 6 && !tunnel ? 40 : 0) > 65535) return Status::tooLong;
    uint64_t sequence;
    if (sa.take(1, sequence) == 0) return Status::sequenceOverflow;

    uint8_t* const to = p.data - more;
    uint8_t before[kMaximumHeader];
    std::memcpy(before, p.data, tunnel ? 0 : header);
    uint8_t nextHeader = ip.version == 4 ? kIpv4 : kIpv6;
    if (tunnel) {
      // The identification is under the ICV, and of a header without one the kernel would make its own.
      const uint16_t low = uint16_t(sequence), identification = low == 0 ? 1 : low;
      writeIpHeader(to, {sa.src_, sa.dst_, sa.header_.tos(ip), sa.header_.ttl, kAh, sa.header_.dontFragment(ip),
                         identification, ah + payload});
    } else {
      nextHeader = p.data[point.nextHeaderAt];
      std::memmove(to, p.data, header);
      if (ip.version == 4 && load<uint16_t>(to + 4) == 0) storeBe16(to + 4, uint16_t(sequence) | 1);
      rewriteIpHeader(to, header, point.nextHeaderAt, kAh, ah + payload);
    }
    uint8_t* const at = to + header;
    std::memset(at, 0, ah);
    at[0] = nextHeader;
    at[1] = uint8_t(ah / 4 - 2);
    storeBe32(at + 4, sa.spi_);
    storeBe32(at + 8, uint32_t(sequence));
    {
      const ClearedHeader cleared(to, header, true);
      if (!cleared.ok() || !sa.suite_.seal(messageOf(to, total, sa.esn_, sequence))) {
        if (!tunnel) std::memcpy(p.data, before, header);
        sa.giveBack(sequence, 1);
        return Status::malformedInner;
      }
    }
    std::memcpy(at + kFixedBytes, to + total, icv);
    p.sequence = sequence;
    p.tos = tunnel ? sa.header_.tos(ip) : ip.tos;
    p.dontFragment = tunnel ? sa.header_.dontFragment(ip) : ip.dontFragment;
    p.whole = true;
    p.headerBytes = 0;
    p.data = to;
    p.headroom -= more;
    p.tailroom = room;
    p.length = total;
    return Status::ok;
  }
};

void encapsulateAh(OutboundPacket& p) { p.status = AhOutbound::run(p); }

struct AhInbound {
  static Status run(InboundPacket& p) {
    InboundSa& sa = *p.sa;
    const uint32_t icv = uint32_t(sa.suite_.icvBytes()), header = p.headerBytes;
    if (p.length < kFixedBytes + icv) return Status::tooShort;
    const uint32_t ah = (p.data[1] + 2u) * 4;
    const uint8_t nextHeader = p.data[0];
    // Some senders align to 8 bytes over IPv4 too; more padding than that is nobody's (RFC 4302 2.2, 2.6).
    if (ah > p.length || ah < kFixedBytes + icv || ah - kFixedBytes - icv >= 8) return Status::badLength;
    if (header < 20 || header > kMaximumHeader || p.udpBytes != 0 || p.headroom < header) return Status::malformedOuter;
    uint8_t* const outer = p.data - header;
    if (outer[0] >> 4 == 6 && ah % 8 != 0) return Status::badLength;
    const uint32_t last = lastNextHeaderAt(outer, header);
    if (last == 0 || outer[last] != kAh) return Status::malformedOuter;
    if (outer[0] >> 4 == 4 && (loadBe16(outer + 6) & 0x3fff) != 0) return Status::fragment;
    if (p.tailroom < icv) return Status::noRoom;

    p.sequence = sa.window_.extend(loadBe32(p.data + 8));
    if (const Status replay = sa.window_.check(p.sequence); replay != Status::ok) return replay;
    uint8_t* const field = p.data + kFixedBytes;
    uint8_t received[kMaximumIcv];
    std::memcpy(received, field, icv);
    std::memcpy(p.data + p.length, field, icv);
    std::memset(field, 0, icv);
    bool good;
    {
      const ClearedHeader cleared(outer, header, false);
      good = cleared.ok() && sa.suite_.open(messageOf(outer, header + p.length, sa.window_.esn(), p.sequence));
    }
    std::memcpy(field, received, icv);
    if (!good) return Status::integrity;
    if (const Status replay = sa.window_.accept(p.sequence); replay != Status::ok) return replay;

    p.nextHeader = nextHeader;
    uint8_t* const body = p.data + ah;
    const uint32_t payload = p.length - ah;
    if (sa.mode_ == Mode::tunnel) {
      IpPacket ip;
      const Status status = openTunnel(body, payload, nextHeader, p.tos, sa.copyDscp_, ip);
      if (status != Status::ok) return status;
      p.version = ip.version;
      p.data = body;
      p.headroom += ah;
      p.length = ip.length;
      return Status::ok;
    }
    p.version = outer[0] >> 4;
    std::memmove(outer + ah, outer, header);
    rewriteIpHeader(outer + ah, header, last, nextHeader, payload);
    p.data = outer + ah;
    p.headroom = p.headroom + ah - header;
    p.length = header + payload;
    return Status::ok;
  }
};

void decapsulateAh(InboundPacket& p) { p.status = AhInbound::run(p); }

}  // namespace rp::esp
