// CIDR prefixes as the packet path compares them.
#pragma once
#include <cstdint>
#include <string>

#include "base/prefix.h"

namespace rp::dataplane {

struct MaskedPrefix {
  Address network;
  uint8_t length = 0;
  // The first `length` bits set: a match is two masked 64-bit compares.
  uint8_t mask[16] = {};

  // As Prefix::parse, but host bits must be zero. Throws ArgumentError naming `property`.
  static MaskedPrefix parse(const std::string& text, const char* property);
  bool contains(const Address& address) const;

  friend bool operator==(const MaskedPrefix&, const MaskedPrefix&) = default;
};

}  // namespace rp::dataplane
