#include "dataplane/icmp.h"

#include <algorithm>

#include "base/bytes.h"
#include "dataplane/checksum.h"

namespace rp::dataplane {
namespace {

constexpr uint8_t kIcmp = 1, kIcmp6 = 58;
// As much of the packet as keeps the answer within what every host reassembles (RFC 1812 4.3.2.3, RFC 4443 2.4 c).
constexpr size_t kMaxV4 = 576, kMaxV6 = 1280;

bool isError(const Flow& f) {
  if (f.opaquePorts) return f.protocol == kIcmp || f.protocol == kIcmp6;
  const int type = f.sourcePort >> 8;
  if (f.protocol == kIcmp) return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  return f.protocol == kIcmp6 && type < 128;
}

size_t answerV4(std::span<const uint8_t> packet, const Flow& f, uint32_t mtu, uint8_t* to) {
  const size_t quoted = std::min<size_t>(f.length, kMaxV4 - 28);
  const size_t length = 28 + quoted;
  std::memset(to, 0, 28);
  to[0] = 0x45;
  to[1] = 0xc0;  // internetwork control (RFC 1812 4.3.2.5)
  storeBe16(to + 2, static_cast<uint16_t>(length));
  to[8] = 64;
  to[9] = kIcmp;
  std::memcpy(to + 12, f.destination.bytes, 4);
  std::memcpy(to + 16, f.source.bytes, 4);
  finishIpv4Header(to);
  to[20] = 3;
  to[21] = 4;
  storeBe16(to + 26, static_cast<uint16_t>(mtu));
  std::memcpy(to + 28, packet.data(), quoted);
  store(to + 22, checksum(sum(to + 20, length - 20)));
  return length;
}

size_t answerV6(std::span<const uint8_t> packet, const Flow& f, uint32_t mtu, uint8_t* to) {
  const size_t quoted = std::min<size_t>(f.length, kMaxV6 - 48);
  const size_t length = 48 + quoted;
  std::memset(to, 0, 48);
  to[0] = 0x60;
  storeBe16(to + 4, static_cast<uint16_t>(length - 40));
  to[6] = kIcmp6;
  to[7] = 64;
  std::memcpy(to + 8, f.destination.bytes, 16);
  std::memcpy(to + 24, f.source.bytes, 16);
  to[40] = 2;
  storeBe32(to + 44, mtu);
  std::memcpy(to + 48, packet.data(), quoted);
  const auto transport = static_cast<uint32_t>(length - 40);
  store(to + 42, checksum(sum(to + 40, transport) + pseudoHeaderSum(to, kIcmp6, transport)));
  return length;
}

}  // namespace

size_t packetTooBig(std::span<const uint8_t> packet, const Flow& f, uint32_t mtu, uint8_t* to) {
  static constexpr Address kNone4{4, {}}, kNone6{6, {}};
  if (isError(f) || f.laterFragment) return 0;
  if (f.source.isMulticast() || f.destination.isMulticast() || f.source == kNone4 || f.source == kNone6) return 0;
  return f.source.version == 4 ? answerV4(packet, f, mtu, to) : answerV6(packet, f, mtu, to);
}

}  // namespace rp::dataplane
