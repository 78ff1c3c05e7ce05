#include "xfrm/selector.h"

namespace rp::xfrm {
namespace {

std::optional<Prefix> prefixOf(const xfrm_address_t& address, uint8_t length, uint16_t family) {
  const Address a = fromXfrm(address, family);
  if (a.version == 0 || length > a.bitLength()) return std::nullopt;
  return Prefix{a, length};
}

std::optional<PortMask> portOf(uint16_t port, uint16_t mask) {
  if (mask == 0) return std::nullopt;
  return PortMask{ntohs(port), ntohs(mask)};
}

}  // namespace

uint16_t Selector::family() const {
  if (src && dst) requireOneFamily(src->address, dst->address, "selector.dst");
  return static_cast<uint16_t>(src ? src->address.family() : dst ? dst->address.family() : AF_UNSPEC);
}

xfrm_selector Selector::toKernel() const {
  xfrm_selector s{};
  s.family = family();
  if (src) {
    s.saddr = toXfrm(src->address);
    s.prefixlen_s = src->length;
  }
  if (dst) {
    s.daddr = toXfrm(dst->address);
    s.prefixlen_d = dst->length;
  }
  s.proto = protocol;
  if (srcPort) {
    s.sport = htons(srcPort->port);
    s.sport_mask = htons(srcPort->mask);
  }
  if (dstPort) {
    s.dport = htons(dstPort->port);
    s.dport_mask = htons(dstPort->mask);
  }
  s.ifindex = static_cast<int>(ifindex);
  return s;
}

Selector Selector::fromKernel(const xfrm_selector& s) {
  Selector selector;
  selector.src = prefixOf(s.saddr, s.prefixlen_s, s.family);
  selector.dst = prefixOf(s.daddr, s.prefixlen_d, s.family);
  selector.protocol = s.proto;
  selector.srcPort = portOf(s.sport, s.sport_mask);
  selector.dstPort = portOf(s.dport, s.dport_mask);
  selector.ifindex = static_cast<uint32_t>(s.ifindex);
  return selector;
}

}  // namespace rp::xfrm
