// The IPv6 header in front of AH: a raw IPv6 socket keeps it to itself, and tells of it in ancillary data (RFC 3542).
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <span>

#include "dataplane/endpoint.h"

namespace rp::dataplane {

// Switches on what rebuildIpv6Header() reads.
void receiveIpv6Header(int fd);

// Writes the header and the extension headers of a packet of `payloadBytes` from AH on, so that they end at `end`.
// Mutable fields, which AH does not look at, are zero, but for DSCP, ECN and hop limit. Returns how many bytes there
// are, 0 if they are more than `room`.
uint32_t rebuildIpv6Header(const msghdr& message, const Address& src, const Address& dst, uint32_t payloadBytes,
                           uint8_t* end, uint32_t room);

}  // namespace rp::dataplane
