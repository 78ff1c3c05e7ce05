// What AH does not protect of the headers in front of it (RFC 4302 3.3.3.1, appendix A).
#pragma once
#include <cstdint>

namespace rp::esp {

// Makes of an IP header with its options or extension headers, `bytes` long and directly in front of AH, what the ICV
// is computed over: mutable fields are zero, predictable ones what the receiver will see. `sending` tells the two ends
// apart, because a source route changes on the way. False: the header is malformed, or has a routing header whose last
// state cannot be told.
bool clearMutableFields(uint8_t* header, uint32_t bytes, bool sending);

}  // namespace rp::esp
