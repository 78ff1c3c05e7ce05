// What the SPD and the coalescer need to know of one IP packet.
#pragma once
#include <cstdint>
#include <span>

#include "base/address.h"

namespace rp::dataplane {

struct Flow {
  Address source;
  Address destination;
  // The transport protocol, behind IPv6 extension headers.
  uint8_t protocol = 0;
  // Ports; for ICMP both are type << 8 | code, for Mobility Headers type << 8 (RFC 7296 3.13.1).
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  // A fragment that does not show its ports, or a protocol without any (RFC 4301 4.4.1.1, "OPAQUE").
  bool opaquePorts = true;
  bool fragment = false;
  // Not the first one.
  bool laterFragment = false;
  // Of a fragment: what ties it to the others of its datagram.
  uint32_t identification = 0;
  bool dontFragment = false;
  // Bytes before the transport header, and of the whole packet by the IP header's own length field.
  uint16_t transportOffset = 0;
  uint32_t length = 0;
};

// False if the bytes are no whole IP packet: version, header length, total length, an extension chain that runs out.
// `length` may be smaller than the bytes given, never larger.
bool parseFlow(std::span<const uint8_t> packet, Flow& flow);

}  // namespace rp::dataplane
