#include "dataplane/segmenter.h"

#include <algorithm>

#include "base/bytes.h"
#include "dataplane/checksum.h"

namespace rp::dataplane {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr uint8_t kFin = 0x01, kPsh = 0x08, kCwr = 0x80;

}  // namespace

bool Segmenter::begin(const VnetHeader& header, std::span<const uint8_t> packet, const Flow& flow) {
  packet_ = packet.first(flow.length);
  header_ = header;
  gso_ = 0;
  index_ = 0;
  taken_ = true;
  longest_ = flow.length;
  const bool needsChecksum = (header.flags & VnetHeader::kNeedsChecksum) != 0;
  if (needsChecksum && uint32_t{header.checksumStart} + header.checksumOffset + 2 > flow.length) return false;
  const uint8_t type = header.gsoType & static_cast<uint8_t>(~VnetHeader::kGsoEcn);
  if (type != VnetHeader::kGsoNone) {
    network_ = flow.transportOffset;
    tcp_ = flow.protocol == kTcp;
    if (flow.fragment || header.gsoBytes == 0) return false;
    if (type == VnetHeader::kGsoUdp ? flow.protocol != kUdp
                                    : !tcp_ || (type == VnetHeader::kGsoTcp4) != (packet[0] >> 4 == 4))
      return false;
    if (network_ + (tcp_ ? 20u : 8u) > flow.length) return false;
    const uint32_t transport = tcp_ ? (packet[network_ + 12] >> 4) * 4u : 8u;
    headers_ = network_ + transport;
    if (transport < (tcp_ ? 20u : 8u) || headers_ >= flow.length || headers_ > kMaxHeaders) return false;
    gso_ = header.gsoBytes;
    offset_ = headers_;
    longest_ = headers_ + std::min<uint32_t>(gso_, flow.length - headers_);
    prepareHeaders();
  }
  taken_ = false;
  return true;
}

uint32_t Segmenter::whole(uint8_t* to) {
  taken_ = true;
  const auto length = static_cast<uint32_t>(packet_.size());
  if ((header_.flags & VnetHeader::kNeedsChecksum) == 0) {
    std::memcpy(to, packet_.data(), length);
    return length;
  }
  // The field holds the pseudo header's sum already.
  const uint32_t start = header_.checksumStart;
  std::memcpy(to, packet_.data(), start);
  uint16_t value = checksum(copyAndSum(to + start, packet_.data() + start, length - start));
  if (value == 0 && header_.checksumOffset == 6) value = 0xffff;  // UDP: zero would say "none" (RFC 768)
  store(to + start + header_.checksumOffset, value);
  return length;
}

void Segmenter::prepareHeaders() {
  uint8_t* const ip = prefix_.data();
  std::memcpy(ip, packet_.data(), headers_);
  if (ip[0] >> 4 == 4) {
    identification_ = loadBe16(ip + 4);
    storeBe16(ip + 2, 0);
    storeBe16(ip + 4, 0);
    storeBe16(ip + 10, 0);
    ipSum_ = sumHeader(ip, (ip[0] & 15u) * 4u);
  }
  uint8_t* const transport = ip + network_;
  if (tcp_) {
    sequence_ = loadBe32(transport + 4);
    flags_ = transport[13];
    storeBe32(transport + 4, 0);
    transport[13] = 0;
    storeBe16(transport + 16, 0);
  } else {
    storeBe16(transport + 4, 0);
    storeBe16(transport + 6, 0);
  }
  transportSum_ = sumHeader(transport, headers_ - network_) + pseudoHeaderSum(ip, tcp_ ? kTcp : kUdp, 0);
}

uint32_t Segmenter::next(uint8_t* to) {
  if (gso_ == 0) return whole(to);
  const auto total = static_cast<uint32_t>(packet_.size());
  const uint32_t payload = std::min(gso_, total - offset_);
  const uint32_t length = headers_ + payload;
  const bool last = offset_ + payload == total;
  std::memcpy(to, prefix_.data(), headers_);
  uint8_t* transport = to + network_;
  const auto transportLength = static_cast<uint16_t>(length - network_);
  if (to[0] >> 4 == 4) {
    const uint16_t bytes = __builtin_bswap16(static_cast<uint16_t>(length));
    const uint16_t id = __builtin_bswap16(static_cast<uint16_t>(identification_ + index_));
    store(to + 2, bytes);
    store(to + 4, id);
    store(to + 10, checksum(ipSum_ + bytes + id));
  } else {
    storeBe16(to + 4, static_cast<uint16_t>(length - 40));
  }
  // The pseudo header's length, and what the header lacked.
  uint64_t s = transportSum_ + __builtin_bswap16(transportLength);
  if (tcp_) {
    uint8_t flags = flags_;
    if (!last) flags &= static_cast<uint8_t>(~(kFin | kPsh));
    if (index_ != 0) flags &= static_cast<uint8_t>(~kCwr);  // once per window (RFC 3168 6.1.2)
    const uint32_t sequence = __builtin_bswap32(sequence_ + (offset_ - headers_));
    store(transport + 4, sequence);
    transport[13] = flags;
    s += uint64_t{sequence} + (uint64_t{flags} << 8);
  } else {
    storeBe16(transport + 4, transportLength);
    s += __builtin_bswap16(transportLength);
  }
  // Transport headers are of even length, so that words of the payload are words of the segment.
  s += copyAndSum(to + headers_, packet_.data() + offset_, payload);
  const uint16_t value = checksum(s);
  store<uint16_t>(transport + (tcp_ ? 16 : 6), value == 0 && !tcp_ ? 0xffff : value);
  offset_ += payload;
  ++index_;
  taken_ = last;
  return length;
}

}  // namespace rp::dataplane
