// Inbound processing of ESP (RFC 4303 3.4), AH (RFC 4302 3.4) and IPComp (RFC 3173 2.2), in place, over a batch.
#pragma once
#include <cstdint>
#include <span>

#include "esp/inbound_sa.h"
#include "esp/status.h"

namespace rp::esp {

struct InboundPacket {
  // In: the ESP packet from SPI to ICV (of AH and IPComp: from their header to the end of the packet), outer IP and UDP
  // headers already skipped, with `headroom` writable bytes in front. Out, if ok: the inner IP packet (tunnel) or the
  // rebuilt IP packet (transport); the result may start later or, in transport mode with `headerBytes` 0, up to
  // `headroom` bytes earlier. Otherwise data and length are unchanged and the bytes hold no plaintext if the status is
  // integrity.
  uint8_t* data = nullptr;
  uint32_t length = 0;
  uint32_t headroom = 0;
  // In: writable bytes behind, whose contents are lost. AH wants as many as its ICV has, IPComp what it inflates to.
  uint32_t tailroom = 0;
  // Chosen by the caller by SPI; the packet's own SPI is not looked at again but by the ICV.
  InboundSa* sa = nullptr;
  Status status = Status::ok;
  // In: the outer header's DSCP and ECN byte (IP_RECVTOS) and TTL.
  uint8_t tos = 0;
  uint8_t ttl = 64;
  // In, transport mode: bytes of the original IP header with its extensions, directly in front of the UDP header or
  // of `data`, when the caller has it (raw sockets); `udpBytes` is then 8 if a UDP header stands between. 0: an IP
  // header is made from the SA's addresses, tos and ttl.
  // AH, which is over that header, cannot do without it.
  uint16_t headerBytes = 0;
  uint16_t udpBytes = 0;
  // Out: 4 or 6.
  uint8_t version = 0;
  uint8_t nextHeader = 0;
  uint64_t sequence = 0;
};

// Opens each packet with its own SA: replay check, ICV, padding, inner header, ECN (RFC 6040 4.2), then the window is
// updated. No allocation, no system call.
void decapsulate(std::span<InboundPacket> packets);

// For packets that arrive whole (raw sockets): from the outer IP header at `data` on, extension headers included, to
// ESP, AH or IPComp behind it, or ESP behind a UDP header (RFC 3948). Moves data, length and headroom to the ESP packet
// and fills in tos, ttl, headerBytes and udpBytes; status is malformedOuter, and the packet as it was, if there is no
// ESP, or only a fragment.
void stripOuterHeader(InboundPacket& packet);

}  // namespace rp::esp
