// What became of one packet of a batch.
#pragma once
#include <cstdint>

namespace rp::esp {

enum class Status : uint8_t {
  ok,
  tooShort,          // the packet cannot hold its ESP header, IV, trailer and ICV
  badLength,         // the ciphertext does not fill whole blocks
  integrity,         // the ICV is wrong
  replayed,          // the sequence number was received before
  beforeWindow,      // older than the replay window, or zero without ESN
  sequenceOverflow,  // the sequence number would wrap: the SA needs a rekey (RFC 4303 3.3.3)
  badPadding,        // padding other than 1, 2, 3... or longer than the packet (RFC 4303 2.4)
  badNextHeader,     // tunnel mode: neither IPv4 nor IPv6 inside
  malformedInner,    // what should be an IP packet is not
  noRoom,            // head or tail room of the buffer is too small
  dummy,             // next header 59: padding traffic to be dropped silently (RFC 4303 2.6)
  fragment,          // transport mode is for whole datagrams only (RFC 4303 3.3.4, 3.4.1)
  congestion,        // outer CE over an inner Not-ECT: to be dropped (RFC 6040 4.2)
  tooLong,           // the result would exceed 65535 bytes
  malformedOuter,    // no ESP behind the outer header
};
inline constexpr uint8_t kStatuses = 16;

// "ok", "tooShort"...; the names of lib/esp's statuses.
const char* name(Status);

}  // namespace rp::esp
