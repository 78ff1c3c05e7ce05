// Outbound processing of ESP (RFC 4303 3.3), AH (RFC 4302 3.3) and IPComp (RFC 3173 2.1), in place, over a batch.
#pragma once
#include <cstdint>
#include <span>

#include "esp/outbound_sa.h"
#include "esp/status.h"

namespace rp::esp {

struct OutboundPacket {
  // In: the IP packet to protect, with `headroom` writable bytes in front and `tailroom` behind.
  // Out, if ok: the ESP packet from SPI to ICV; of AH and IPComp, which are about the outer header too, the whole IP
  // packet. Otherwise unchanged.
  uint8_t* data = nullptr;
  uint32_t length = 0;
  uint32_t headroom = 0;
  uint32_t tailroom = 0;
  OutboundSa* sa = nullptr;
  Status status = Status::ok;
  // In, ESP: not an IP packet but `length` bytes for a dummy packet (RFC 4303 2.6).
  bool dummy = false;
  // Out: `data` begins with the outer IP header already.
  bool whole = false;
  // Out, for the outer header. In transport mode they are the packet's own.
  uint8_t tos = 0;  // DSCP and ECN (RFC 4301 5.1.2, RFC 6040 4.1)
  bool dontFragment = false;
  // Out, transport mode: bytes of the original IP header with its extensions, directly in front of `data` and already
  // corrected for what follows (length, next header, checksum; UDP if the SA has it). 0 in tunnel mode.
  uint16_t headerBytes = 0;
  uint64_t sequence = 0;
};

// Protects each packet with its own SA. No allocation, no system call; packets of one SA get their sequence numbers in
// the order of the batch, and a packet that fails uses none.
void encapsulate(std::span<OutboundPacket> packets);

// For packets that are not sent through a UDP socket: puts the outer IP header (tunnel) or the original one
// (transport), and the UDP header of RFC 3948 if the SA has it, in front. After it `data` is the IP packet to send.
// Only for packets whose status is ok; sets noRoom or tooLong otherwise than ok. The UDP checksum is zero (RFC
// 3948 2.1).
void prependOuterHeader(OutboundPacket& packet);

}  // namespace rp::esp
