// The parts of IPv4 (RFC 791) and IPv6 (RFC 8200) headers that ESP reads and rewrites.
#pragma once
#include <cstdint>

#include "base/address.h"

namespace rp::esp {

inline constexpr uint8_t kHopByHop = 0, kIpv4 = 4, kTcp = 6, kUdp = 17, kIpv6 = 41, kRouting = 43, kFragment = 44,
                         kEsp = 50, kAh = 51, kNoNextHeader = 59, kDestination = 60, kIpComp = 108;

// A packet whose header lies inside `bytes` and whose own length does too.
struct IpPacket {
  uint8_t version;
  uint8_t tos;  // traffic class
  bool dontFragment;
  uint32_t length;  // by its own length field

  // False: not an IP packet.
  static bool parse(const uint8_t* p, uint32_t bytes, IpPacket& out);
};

// Where ESP goes in transport mode: behind the IPv4 header, or behind the IPv6 header and the hop-by-hop, routing and
// fragment headers (RFC 4303 3.1.1).
struct TransportPoint {
  uint32_t headerBytes;
  uint32_t nextHeaderAt;  // of the field that will say ESP
  bool fragment;

  // Looks at `bytes`, which hold the header and may hold more. False: malformed.
  static bool find(const uint8_t* p, uint32_t bytes, TransportPoint& out);
};

// The end of the outer header: what is behind it, and the protocol of that.
struct OuterHeader {
  uint32_t headerBytes;
  uint8_t protocol, ttl;

  // `bytes` is the packet's own length, as IpPacket::parse gives it. False: malformed, or a fragment.
  static bool parse(const uint8_t* p, uint32_t bytes, OuterHeader& out);
};

// The offset of the field that says what follows a header whose chain is exactly `bytes` long; 0 if it is not.
uint32_t lastNextHeaderAt(const uint8_t* p, uint32_t bytes);

// The Internet checksum over `bytes`, `sum` carried in from a pseudo-header.
uint16_t checksum(const uint8_t* p, uint32_t bytes, uint64_t sum = 0);

struct IpHeader {
  const Address& src;
  const Address& dst;
  uint8_t tos, ttl, protocol;
  bool dontFragment;
  uint16_t identification;
  uint32_t payloadBytes;
};
// Writes 20 or 40 bytes.
void writeIpHeader(uint8_t* p, const IpHeader& header);
inline uint32_t ipHeaderBytes(const Address& address) { return address.version == 4 ? 20 : 40; }

// Rewrites a header of `headerBytes` for another payload: length, the next header at `nextHeaderAt`, IPv4's checksum.
void rewriteIpHeader(uint8_t* p, uint32_t headerBytes, uint32_t nextHeaderAt, uint8_t nextHeader,
                     uint32_t payloadBytes);

// Computes the checksum of a TCP or UDP payload anew, as RFC 3948 3.1.2 allows when the addresses were translated;
// other protocols, and UDP without a checksum, stay as they are.
void rewriteTransportChecksum(const uint8_t* ip, uint8_t protocol, uint8_t* payload, uint32_t payloadBytes);

// Combines the ECN fields at the tunnel's end (RFC 6040 4.2), correcting IPv4's checksum. False: drop the packet.
bool decapsulateEcn(uint8_t* inner, uint8_t version, uint8_t outerTos);
// Gives the header the DSCP of `tos`, correcting IPv4's checksum.
void setDscp(uint8_t* inner, uint8_t version, uint8_t tos);

}  // namespace rp::esp
