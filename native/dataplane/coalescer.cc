#include "dataplane/coalescer.h"

#include "base/bytes.h"
#include "dataplane/checksum.h"

namespace rp::dataplane {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr uint8_t kAck = 0x10, kPsh = 0x08;

iovec part(const void* p, size_t n) { return {const_cast<void*>(p), n}; }

}  // namespace

uint32_t Coalescer::joinable(std::span<const uint8_t> p, const Flow& f) const {
  if (f.fragment || f.opaquePorts || (f.protocol != kTcp && !(f.protocol == kUdp && joinUdp_))) return 0;
  const bool v4 = p[0] >> 4 == 4;
  if (f.transportOffset != (v4 ? 20u : 40u)) return 0;  // options are rare, and each packet's own
  if (v4 && fold(sumHeader(p.data(), 20)) != 0xffff) return 0;
  const uint8_t* transport = &p[f.transportOffset];
  uint32_t length = 8;
  if (f.protocol == kTcp) {
    if (f.transportOffset + 20u > f.length) return 0;
    length = (transport[12] >> 4) * 4u;
    if (length < 20 || (transport[13] & ~(kAck | kPsh)) != 0) return 0;
  } else if (f.transportOffset + 8u > f.length || loadBe16(transport + 4) != f.length - f.transportOffset ||
             load<uint16_t>(transport + 6) == 0) {
    return 0;  // a length of its own, or no checksum to verify: the kernel is to see it as it is
  }
  if (f.transportOffset + length >= f.length) return 0;
  return intact(p.first(f.length), f.transportOffset, f.protocol) ? length : 0;
}

bool Coalescer::intact(std::span<const uint8_t> p, uint32_t network, uint8_t protocol) const {
  if (network == 20 && fold(sumHeader(p.data(), 20)) != 0xffff) return false;
  const auto length = static_cast<uint32_t>(p.size()) - network;
  return fold(sum(&p[network], length) + pseudoHeaderSum(p.data(), protocol, length)) == 0xffff;
}

// Version, DSCP and ECN, TTL, DF: what the kernel would copy to every packet. And addresses and ports.
bool Coalescer::sameNetworkHeader(const uint8_t* p) const {
  const uint8_t* const h = headers_;
  if (network_ == 20) {
    // All but length, identification and checksum, in words of memory order.
    const uint64_t first = (load<uint64_t>(p) ^ load<uint64_t>(h)) & 0xffff00000000ffff;
    const uint64_t second = (load<uint64_t>(p + 8) ^ load<uint64_t>(h + 8)) & 0xffffffff0000ffff;
    return (first | second | (load<uint64_t>(p + 16) ^ load<uint64_t>(h + 16))) == 0;
  }
  const uint64_t first = (load<uint64_t>(p) ^ load<uint64_t>(h)) & 0xffff0000ffffffff;
  return first == 0 && std::memcmp(p + 8, h + 8, 36) == 0;
}

bool Coalescer::sameTcpHeader(const uint8_t* t) const {
  const uint8_t* const h = headers_ + network_;
  return loadBe32(t + 4) == nextSequence_ && load<uint32_t>(t + 8) == load<uint32_t>(h + 8) && t[12] == h[12] &&
         (t[13] & ~(kAck | kPsh)) == 0 && load<uint16_t>(t + 14) == load<uint16_t>(h + 14) &&
         std::memcmp(t + 20, h + 20, headerBytes_ - network_ - 20) == 0;
}

uint32_t Coalescer::extend(std::span<const uint8_t> p) {
  if (count_ == 0 || closed_ || count_ == kMaxPackets || p.size() <= headerBytes_) return 0;
  const uint32_t length = network_ == 20 ? loadBe16(&p[2]) : 40u + loadBe16(&p[4]);
  if (length > p.size() || length <= headerBytes_ || !sameNetworkHeader(p.data())) return 0;
  const uint32_t n = length - headerBytes_;
  if (n > segment_ || headerBytes_ + payload_ + n > kMaxBytes) return 0;
  const uint8_t* const transport = &p[network_];
  if (tcp_ ? !sameTcpHeader(transport) : loadBe16(transport + 4) != n + 8 || load<uint16_t>(transport + 6) == 0)
    return 0;
  if (!intact(p.first(length), network_, tcp_ ? kTcp : kUdp)) return 0;
  append(&p[headerBytes_], n);
  if (tcp_ && (transport[13] & kPsh) != 0) {  // the sender wants it delivered
    headers_[network_ + 13] |= kPsh;
    closed_ = true;
  }
  if (n < segment_) closed_ = true;  // only the last may be shorter
  return length;
}

void Coalescer::append(const uint8_t* payload, uint32_t n) {
  if (n <= kCopied) {
    uint8_t* const to = joined_.at(kPayloadAt + copied_);
    std::memcpy(to, payload, n);
    copied_ += n;
    payload = to;
  }
  iovec& before = parts_[pieces_ - 1];
  if (static_cast<const uint8_t*>(before.iov_base) + before.iov_len == payload)
    before.iov_len += n;
  else
    parts_[pieces_++] = part(payload, n);
  ++count_;
  payload_ += n;
  nextSequence_ += n;
}

void Coalescer::start(std::span<const uint8_t> p, const Flow& f, uint32_t headers) {
  headers_ = joined_.at(kPayloadAt - headers);
  std::memcpy(headers_, p.data(), headers);
  parts_[0] = part(headers_ - sizeof(VnetHeader), sizeof(VnetHeader) + headers);
  pieces_ = 1;
  first_ = p.first(f.length);
  headerBytes_ = headers;
  network_ = f.transportOffset;
  tcp_ = f.protocol == kTcp;
  payload_ = copied_ = count_ = 0;
  segment_ = f.length - headers;
  const uint8_t* const transport = &p[network_];
  nextSequence_ = tcp_ ? loadBe32(transport + 4) : 0;
  closed_ = tcp_ && (transport[13] & kPsh) != 0;
  append(&p[headers], segment_);
}

void Coalescer::add(std::span<const uint8_t> p, const Flow& f) {
  if (extend(p) != 0) return;
  flush();
  const uint32_t transport = joinable(p, f);
  if (transport == 0)
    writeAlone(p.first(f.length));
  else
    start(p, f, f.transportOffset + transport);
}

void Coalescer::writeAlone(std::span<const uint8_t> packet) {
  static constexpr VnetHeader kNone;
  const iovec parts[2] = {part(&kNone, sizeof kNone), part(packet.data(), packet.size())};
  write_(parts, 1, static_cast<uint32_t>(packet.size()));
}

void Coalescer::flush() {
  if (count_ == 0) return;
  const uint32_t count = std::exchange(count_, 0);
  if (count == 1) {
    writeAlone(first_);
    return;
  }
  const uint32_t length = headerBytes_ + payload_;
  const bool v4 = network_ == 20;
  uint8_t* const transport = headers_ + network_;
  if (v4) {
    storeBe16(headers_ + 2, static_cast<uint16_t>(length));
    finishIpv4Header(headers_);
  } else {
    storeBe16(headers_ + 4, static_cast<uint16_t>(length - 40));
  }
  if (!tcp_) storeBe16(transport + 4, static_cast<uint16_t>(length - network_));
  // What CHECKSUM_PARTIAL wants there: the sum of the pseudo header, not inverted.
  store(transport + (tcp_ ? 16 : 6), fold(pseudoHeaderSum(headers_, tcp_ ? kTcp : kUdp, length - network_)));
  VnetHeader vnet;
  vnet.flags = VnetHeader::kNeedsChecksum;
  vnet.gsoType = !tcp_ ? VnetHeader::kGsoUdp : v4 ? VnetHeader::kGsoTcp4 : VnetHeader::kGsoTcp6;
  vnet.headerBytes = static_cast<uint16_t>(headerBytes_);
  vnet.gsoBytes = static_cast<uint16_t>(segment_);
  vnet.checksumStart = static_cast<uint16_t>(network_);
  vnet.checksumOffset = tcp_ ? 16 : 6;
  store(headers_ - sizeof vnet, vnet);
  write_({parts_.data(), pieces_}, count, length);
}

}  // namespace rp::dataplane
