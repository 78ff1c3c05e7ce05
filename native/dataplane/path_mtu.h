// What the route to an address carries without fragmentation, as the kernel knows it.
#pragma once
#include <cstdint>

#include "base/address.h"
#include "dataplane/sa.h"

namespace rp::dataplane {

// Bytes, IP header included; 0 if there is no route now. `mark` as the sockets of the cipher side have it.
uint32_t pathMtu(const Address& destination, uint32_t mark);

// The same of an outbound SA's way, looked up again after some seconds: what the kernel learned (RFC 1191, RFC 8201)
// and forgot (`net.ipv4.route.mtu_expires`) is then known here. An SA that pads to the path's MTU learns how far.
uint32_t pathMtuOf(Sa& sa, uint32_t mark, uint64_t nowNs);

}  // namespace rp::dataplane
