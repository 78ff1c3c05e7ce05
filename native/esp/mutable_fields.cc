#include "esp/mutable_fields.h"

#include <cstring>

#include "base/bytes.h"
#include "esp/ip_header.h"

namespace rp::esp {
namespace {

// RFC 4302 A1: end, no operation, security, extended security, commercial security, router alert, sender directed
// multi-destination delivery. All other options are mutable or unknown, and zeroed whole.
bool isImmutableOption(uint8_t type) { return type == 130 || type == 133 || type == 134 || type == 148 || type == 149; }

constexpr uint8_t kLooseSourceRoute = 131, kStrictSourceRoute = 137;

bool clearV4(uint8_t* p, uint32_t bytes, bool sending) {
  p[1] = 0;                    // DSCP, ECN
  store<uint16_t>(p + 6, 0);   // flags, fragment offset
  p[8] = 0;                    // TTL
  store<uint16_t>(p + 10, 0);  // header checksum
  for (uint32_t at = 20; at < bytes && p[at] != 0;) {
    if (p[at] == 1) {
      at++;
      continue;
    }
    if (bytes - at < 2 || p[at + 1] < 2 || p[at + 1] > bytes - at) return false;
    const uint32_t length = p[at + 1];
    if (p[at] == kLooseSourceRoute || p[at] == kStrictSourceRoute) {
      if (length < 3) return false;
      // Where the last entry of the route is still ahead, it is the destination that the receiver will see.
      if (sending && length >= 7 && p[at + 2] <= length) std::memcpy(p + 16, p + at + length - 4, 4);
    }
    if (!isImmutableOption(p[at])) std::memset(p + at, 0, length);
    at += length;
  }
  return true;
}

// Hop-by-hop and destination options whose third bit says "may change en route": the data is zeroed, type and length
// stay (RFC 4302 3.3.3.1.2.2).
bool clearOptions(uint8_t* p, uint32_t bytes) {
  for (uint32_t at = 2; at < bytes;) {
    if (p[at] == 0) {  // Pad1
      at++;
      continue;
    }
    if (bytes - at < 2 || p[at + 1] > bytes - at - 2) return false;
    if (p[at] & 0x20) std::memset(p + at + 2, 0, p[at + 1]);
    at += 2u + p[at + 1];
  }
  return true;
}

// Routing headers of type 0 (RFC 2460 4.4) and 2 (RFC 6275 6.4) as they are at the final destination.
bool forwardRoute(uint8_t* ip, uint8_t* p, uint32_t bytes, bool sending) {
  const uint32_t left = p[3], addresses = (bytes - 8) / 16;
  if (left == 0) return true;
  if (!sending || (p[2] != 0 && p[2] != 2) || left > addresses || (bytes - 8) % 16 != 0) return false;
  // Each of the segments left puts its address where the destination was, and the destination in its place.
  uint8_t last[16];
  uint8_t* const first = p + 8 + (addresses - left) * 16;
  std::memcpy(last, first + (left - 1) * 16, 16);
  std::memmove(first + 16, first, (left - 1) * 16);
  std::memcpy(first, ip + 24, 16);
  std::memcpy(ip + 24, last, 16);
  p[3] = 0;
  return true;
}

bool clearV6(uint8_t* p, uint32_t bytes, bool sending) {
  storeBe32(p, 0x60000000);  // DSCP, ECN, flow label
  p[7] = 0;                  // hop limit
  uint8_t type = p[6];
  for (uint32_t at = 40; at < bytes;) {
    if (bytes - at < 8) return false;
    const uint32_t length = (p[at + 1] + 1u) * 8;
    if (length > bytes - at) return false;
    switch (type) {
      case kHopByHop:
      case kDestination:
        if (!clearOptions(p + at, length)) return false;
        break;
      case kRouting:
        if (!forwardRoute(p, p + at, length, sending)) return false;
        break;
      default:  // a fragment header is never under AH
        return false;
    }
    type = p[at];
    at += length;
  }
  return true;
}

}  // namespace

bool clearMutableFields(uint8_t* p, uint32_t bytes, bool sending) {
  if (bytes < 20) return false;
  if (p[0] >> 4 == 4) return (p[0] & 15u) * 4 == bytes && clearV4(p, bytes, sending);
  return p[0] >> 4 == 6 && bytes >= 40 && clearV6(p, bytes, sending);
}

}  // namespace rp::esp
