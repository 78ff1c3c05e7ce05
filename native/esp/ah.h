// The Authentication Header (RFC 4302), in transport and tunnel mode.
#pragma once
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"

namespace rp::esp {

// Puts AH behind the IP header (transport) or in front of the packet, behind a header of its own (tunnel), where
// encapsulate() says so. `data` is a whole IP packet before and after.
void encapsulateAh(OutboundPacket& packet);

// From `data` at the AH header, with `headerBytes` of IP header in front, to the packet without AH; where decapsulate()
// says so. The IP header of a packet that is refused is left as it was.
void decapsulateAh(InboundPacket& packet);

}  // namespace rp::esp
