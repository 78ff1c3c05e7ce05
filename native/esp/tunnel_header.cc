#include "esp/tunnel_header.h"

namespace rp::esp {

Status openTunnel(uint8_t* body, uint32_t bytes, uint8_t nextHeader, uint8_t outerTos, bool copyDscp, IpPacket& inner) {
  if (nextHeader != kIpv4 && nextHeader != kIpv6) return Status::badNextHeader;
  if (!IpPacket::parse(body, bytes, inner)) return Status::malformedInner;
  if (inner.version != (nextHeader == kIpv4 ? 4 : 6)) return Status::malformedInner;
  if (!decapsulateEcn(body, inner.version, outerTos)) return Status::congestion;
  if (copyDscp) setDscp(body, inner.version, outerTos);
  return Status::ok;
}

}  // namespace rp::esp
