// Tunnel mode: how the outer header comes from the inner one (RFC 4301 5.1.2, RFC 6040 4.1), and the inner one's way
// out (RFC 4301 5.2, RFC 6040 4.2).
#pragma once
#include <cstdint>

#include "esp/ip_header.h"
#include "esp/sa_parameters.h"
#include "esp/status.h"

namespace rp::esp {

// What an outbound SA says of its outer headers.
struct TunnelHeader {
  DfPolicy df = DfPolicy::copy;
  bool copyDscp = true, copyEcn = true;
  uint8_t dscp = 0, ttl = 64;

  explicit TunnelHeader(const SaParameters& p)
      : df(p.df), copyDscp(p.copyDscp), copyEcn(p.copyEcn), dscp(p.dscp), ttl(p.ttl) {}
  uint8_t tos(const IpPacket& inner) const {
    const uint8_t ecn = copyEcn ? inner.tos & 3 : 0;
    return uint8_t((copyDscp ? inner.tos & 0xfc : dscp << 2) | ecn);
  }
  bool dontFragment(const IpPacket& inner) const {
    return df == DfPolicy::copy ? inner.dontFragment : df == DfPolicy::set;
  }
};

// Looks at the inner packet at `body`, of which `bytes` are there, combines its ECN field with the outer one and, with
// `copyDscp`, takes the outer DSCP. `nextHeader` is what ESP or AH said of it. What is behind the packet's own length
// is traffic flow confidentiality padding (RFC 4303 2.7).
Status openTunnel(uint8_t* body, uint32_t bytes, uint8_t nextHeader, uint8_t outerTos, bool copyDscp, IpPacket& inner);

}  // namespace rp::esp
