// IPComp (RFC 3173) with DEFLATE (RFC 2394), in transport and tunnel mode.
#pragma once
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"

namespace rp::esp {

// Compresses what follows the IP header (transport) or the whole packet (tunnel). What does not shrink stays as it is,
// in tunnel mode behind an outer header that says IP (RFC 3173 2.2). `data` is a whole IP packet before and after.
void compress(OutboundPacket& packet);

// From `data` at the IPComp header, with `headerBytes` of IP header in front; `tailroom` is for what it inflates to.
void decompress(InboundPacket& packet);

}  // namespace rp::esp
