#include "dataplane/cipher_frame.h"

#include "base/bytes.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

constexpr uint32_t kEthernet = 14, kUdpHeader = 8;

}  // namespace

bool readFrame(std::span<uint8_t> frame, uint16_t natPort, CipherFrame& out) {
  if (frame.size() < kEthernet + 20) return false;
  uint8_t* const ip = frame.data() + kEthernet;
  const uint32_t room = static_cast<uint32_t>(frame.size()) - kEthernet;
  esp::IpPacket packet;
  esp::OuterHeader outer;
  if (!esp::IpPacket::parse(ip, room, packet) || !esp::OuterHeader::parse(ip, packet.length, outer)) return false;
  // SPI and sequence number at least, or a UDP header.
  if (packet.length < outer.headerBytes + 8) return false;
  const bool v4 = packet.version == 4;
  if (v4 && esp::checksum(ip, outer.headerBytes) != 0) return false;
  Received& r = out.received;
  r = Received{};
  r.local = v4 ? Address::v4(ip + 16) : Address::v6(ip + 24);
  r.remote.address = v4 ? Address::v4(ip + 12) : Address::v6(ip + 8);
  r.tos = packet.tos;
  r.ttl = outer.ttl;
  out.protocol = outer.protocol;
  uint32_t from = outer.headerBytes, to = packet.length;
  if (outer.protocol == esp::kUdp) {
    if (to < from + kUdpHeader + 4 || loadBe16(ip + from + 2) != natPort) return false;
    const uint32_t length = loadBe16(ip + from + 4);
    if (length < kUdpHeader + 4 || from + length > to) return false;
    r.remote.port = loadBe16(ip + from);
    to = from + length;
    from += kUdpHeader;
    if (load<uint32_t>(ip + from) == 0) return false;
  } else if (outer.protocol != esp::kEsp && outer.protocol != esp::kAh) {
    return false;
  } else if (v4) {
    from = 0;  // as a raw IPv4 socket hands it over
  } else if (outer.protocol == esp::kAh) {
    r.headerBytes = static_cast<uint16_t>(from);  // AH is about that too
  }
  r.data = {ip + from, to - from};
  r.segmentBytes = to - from;
  return true;
}

}  // namespace rp::dataplane
