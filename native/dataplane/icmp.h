// The ICMP answers of a tunnel's entrance: a packet is too big for what is behind it.
#pragma once
#include <cstdint>
#include <span>

#include "dataplane/flow.h"

namespace rp::dataplane {

inline constexpr size_t kIcmpBytes = 1280;

// Writes ICMP "fragmentation needed" (RFC 792, RFC 1191 4) or ICMPv6 "packet too big" (RFC 4443 3.2) about `packet` to
// `to` (kIcmpBytes) and returns its length; 0 if there must be no answer: an ICMP error, a fragment but the first, a
// multicast or unspecified sender (RFC 1122 3.2.2, RFC 4443 2.4). The answer comes from the packet's destination, the
// only address that is sure to be one the sender wants to hear of.
size_t packetTooBig(std::span<const uint8_t> packet, const Flow& flow, uint32_t mtu, uint8_t* to);

}  // namespace rp::dataplane
