// The Internet checksum (RFC 1071), on sums in memory order, so that no bytes are swapped.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/address.h"
#include "base/bytes.h"

namespace rp::dataplane {

// Adds the 16-bit words of `n` bytes, 65535 at most; an odd last byte counts as if a zero followed.
uint64_t sum(const uint8_t* p, size_t n);
// The same for the few bytes of a header.
inline uint64_t sumHeader(const uint8_t* p, size_t n) {
  uint64_t total = 0;
  for (; n >= 4; n -= 4, p += 4) total += load<uint32_t>(p);
  if (n >= 2) {
    total += load<uint16_t>(p);
    p += 2;
    n -= 2;
  }
  return n == 0 ? total : total + *p;  // little-endian: the byte is the low half of its word
}
// The same while copying.
uint64_t copyAndSum(uint8_t* to, const uint8_t* from, size_t n);
// Of the pseudo header of TCP and UDP (RFC 9293 3.1, RFC 8200 8.1).
uint64_t pseudoHeaderSum(const Address& source, const Address& destination, uint8_t protocol, uint32_t length);
// Straight from an IPv4 or IPv6 header.
uint64_t pseudoHeaderSum(const uint8_t* ip, uint8_t protocol, uint32_t length);

inline uint16_t fold(uint64_t s) {
  s = (s & 0xffffffff) + (s >> 32);
  s = (s & 0xffff) + (s >> 16);
  s = (s & 0xffff) + (s >> 16);
  return static_cast<uint16_t>((s & 0xffff) + (s >> 16));
}
// The value for the header field, in memory order.
inline uint16_t checksum(uint64_t s) { return static_cast<uint16_t>(~fold(s)); }
// Fills in the IPv4 header's own checksum.
void finishIpv4Header(uint8_t* ip);

}  // namespace rp::dataplane
