#include "dataplane/fragmenter.h"

#include <algorithm>

#include "base/bytes.h"
#include "dataplane/checksum.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

constexpr uint32_t kFragmentHeaderBytes = 8;

// The options that every fragment carries (RFC 791 3.1, "copied flag") stay; the others become NOPs.
void keepCopied(uint8_t* header, uint32_t bytes) {
  for (uint32_t at = 20; at < bytes && header[at] != 0;) {
    const uint8_t type = header[at];
    const uint32_t length = type == 1 ? 1u : at + 1 < bytes ? header[at + 1] : 0u;
    if (length == 0 || length > bytes - at) return;
    if ((type & 0x80) == 0) std::memset(header + at, 1, length);
    at += length;
  }
}

}  // namespace

bool Fragmenter::begin(std::span<const uint8_t> packet, uint32_t mtu, uint32_t identification) {
  esp::IpPacket ip;
  if (!esp::IpPacket::parse(packet.data(), static_cast<uint32_t>(packet.size()), ip)) return false;
  packet = packet.first(ip.length);
  mtu_ = mtu;
  offset_ = 0;
  identification_ = identification;
  firstUnit_ = 0;
  more_ = false;
  uint32_t header;
  if (ip.version == 4) {
    if (ip.dontFragment) return false;
    header = (packet[0] & 15u) * 4u;
    const uint16_t field = loadBe16(&packet[6]);
    firstUnit_ = field & 0x1fff;
    more_ = (field & 0x2000) != 0;
  } else {
    esp::TransportPoint point;
    if (!esp::TransportPoint::find(packet.data(), ip.length, point) || point.fragment) return false;
    header = point.headerBytes;
    nextHeaderAt_ = point.nextHeaderAt;
  }
  header_ = packet.first(header);
  payload_ = packet.subspan(header);
  return header + (ip.version == 4 ? 0 : kFragmentHeaderBytes) + 8 <= mtu && !payload_.empty();
}

uint32_t Fragmenter::next(uint8_t* to) {
  const bool v4 = header_[0] >> 4 == 4;
  const auto header = static_cast<uint32_t>(header_.size()) + (v4 ? 0 : kFragmentHeaderBytes);
  const auto left = static_cast<uint32_t>(payload_.size()) - offset_;
  const bool last = left <= mtu_ - header;
  // All but the last are whole units of eight.
  const uint32_t bytes = last ? left : (mtu_ - header) / 8 * 8;
  std::memcpy(to, header_.data(), header_.size());
  std::memcpy(to + header, payload_.data() + offset_, bytes);
  const uint32_t length = v4 ? nextV4(to, bytes, last) : nextV6(to, bytes, last);
  offset_ += bytes;
  return length;
}

uint32_t Fragmenter::nextV4(uint8_t* to, uint32_t bytes, bool last) {
  const auto header = static_cast<uint32_t>(header_.size());
  if (offset_ > 0) keepCopied(to, header);
  storeBe16(to + 2, static_cast<uint16_t>(header + bytes));
  const auto unit = static_cast<uint16_t>(firstUnit_ + offset_ / 8);
  storeBe16(to + 6, static_cast<uint16_t>(unit | (last && !more_ ? 0 : 0x2000)));
  finishIpv4Header(to);
  return header + bytes;
}

uint32_t Fragmenter::nextV6(uint8_t* to, uint32_t bytes, bool last) {
  const auto header = static_cast<uint32_t>(header_.size());
  uint8_t* const f = to + header;
  f[0] = to[nextHeaderAt_];
  f[1] = 0;
  storeBe16(f + 2, static_cast<uint16_t>(offset_ | (last ? 0 : 1)));
  storeBe32(f + 4, identification_);
  to[nextHeaderAt_] = esp::kFragment;
  storeBe16(to + 4, static_cast<uint16_t>(header - 40 + kFragmentHeaderBytes + bytes));
  return header + kFragmentHeaderBytes + bytes;
}

}  // namespace rp::dataplane
