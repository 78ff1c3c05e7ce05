#include "dataplane/flow.h"

#include "base/bytes.h"

namespace rp::dataplane {
namespace {

constexpr uint8_t kHopByHop = 0, kIcmp = 1, kTcp = 6, kUdp = 17, kRouting = 43, kFragment = 44, kAuth = 51, kIcmp6 = 58,
                  kNoNext = 59, kDestination = 60, kDccp = 33, kSctp = 132, kUdpLite = 136, kMobility = 135;
// A chain longer than this is no traffic anybody sends (RFC 8504 5.3 lets a node refuse such chains).
constexpr int kMaxExtensions = 8;

void readPorts(std::span<const uint8_t> packet, Flow& f) {
  const size_t at = f.transportOffset;
  switch (f.protocol) {
    case kTcp:
    case kUdp:
    case kDccp:
    case kSctp:
    case kUdpLite:
      if (at + 4 > f.length) return;
      f.sourcePort = loadBe16(&packet[at]);
      f.destinationPort = loadBe16(&packet[at + 2]);
      f.opaquePorts = false;
      return;
    case kIcmp:
    case kIcmp6:
      if (at + 2 > f.length) return;
      f.sourcePort = f.destinationPort = loadBe16(&packet[at]);
      f.opaquePorts = false;
      return;
    case kMobility:
      if (at + 3 > f.length) return;
      f.sourcePort = f.destinationPort = static_cast<uint16_t>(packet[at + 2] << 8);
      f.opaquePorts = false;
      return;
    default:
      return;
  }
}

bool parseV4(std::span<const uint8_t> p, Flow& f) {
  if (p.size() < 20) return false;
  const size_t header = (p[0] & 15u) * 4u;
  const size_t total = loadBe16(&p[2]);
  if (header < 20 || total < header || total > p.size()) return false;
  const uint16_t fragment = loadBe16(&p[6]);
  f.source = Address::v4(&p[12]);
  f.destination = Address::v4(&p[16]);
  f.protocol = p[9];
  f.transportOffset = static_cast<uint16_t>(header);
  f.length = static_cast<uint32_t>(total);
  f.dontFragment = (fragment & 0x4000) != 0;
  f.fragment = (fragment & 0x3fff) != 0;
  f.identification = loadBe16(&p[4]);
  f.laterFragment = (fragment & 0x1fff) != 0;
  if (!f.laterFragment) readPorts(p, f);
  return true;
}

bool parseV6(std::span<const uint8_t> p, Flow& f) {
  if (p.size() < 40) return false;
  const size_t total = 40u + loadBe16(&p[4]);
  if (total > p.size()) return false;
  f.source = Address::v6(&p[8]);
  f.destination = Address::v6(&p[24]);
  f.length = static_cast<uint32_t>(total);
  f.dontFragment = true;
  uint8_t next = p[6];
  size_t at = 40;
  for (int i = 0; i < kMaxExtensions; ++i) {
    size_t size;
    switch (next) {
      case kHopByHop:
      case kRouting:
      case kDestination:
        if (at + 8 > total) return false;
        size = (p[at + 1] + 1u) * 8u;
        break;
      case kAuth:
        if (at + 8 > total) return false;
        size = (p[at + 1] + 2u) * 4u;
        break;
      case kFragment: {
        if (at + 8 > total) return false;
        size = 8;
        f.fragment = true;
        f.identification = loadBe32(&p[at + 4]);
        if ((loadBe16(&p[at + 2]) & 0xfff8) != 0) {  // what follows is payload
          f.laterFragment = true;
          f.protocol = p[at];
          f.transportOffset = static_cast<uint16_t>(at + 8);
          return true;
        }
        break;
      }
      default:
        f.protocol = next;
        f.transportOffset = static_cast<uint16_t>(at);
        if (next != kNoNext) readPorts(p, f);
        return true;
    }
    next = p[at];
    at += size;
    if (at > total) return false;
  }
  return false;
}

}  // namespace

bool parseFlow(std::span<const uint8_t> packet, Flow& flow) {
  flow = Flow{};
  if (packet.empty()) return false;
  switch (packet[0] >> 4) {
    case 4:
      return parseV4(packet, flow);
    case 6:
      return parseV6(packet, flow);
    default:
      return false;
  }
}

}  // namespace rp::dataplane
