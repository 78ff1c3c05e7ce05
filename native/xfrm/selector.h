// Which packets: struct xfrm_selector.
#pragma once
#include "base/prefix.h"
#include "xfrm/address.h"

namespace rp::xfrm {

// Ports whose bits under the mask are those of `port`. For ICMP the source port is the type and the destination port
// the code.
struct PortMask {
  uint16_t port = 0;
  uint16_t mask = 0xffff;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("port", self.port);
    v("mask", self.mask);
  }
};

struct Selector {
  // Both of one IP version, or both none: a selector of an SA that takes any packet.
  std::optional<Prefix> src;
  std::optional<Prefix> dst;
  uint8_t protocol = 0;
  std::optional<PortMask> srcPort;
  std::optional<PortMask> dstPort;
  uint32_t ifindex = 0;

  // AF_UNSPEC without prefixes. Throws ArgumentError when the prefixes are of two IP versions.
  uint16_t family() const;
  xfrm_selector toKernel() const;
  static Selector fromKernel(const xfrm_selector& s);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("src", self.src);
    v("dst", self.dst);
    v("protocol", self.protocol);
    v.record("srcPort", self.srcPort);
    v.record("dstPort", self.dstPort);
    v("ifindex", self.ifindex);
  }
};

}  // namespace rp::xfrm
