// A CIDR prefix; host bits are kept, as interface addresses have them.
#pragma once
#include "base/address.h"

namespace rp {

struct Prefix {
  Address address;
  uint8_t length = 0;

  // "10.0.0.0/8", "2001:db8::/32", or a bare address, which is a host prefix. Throws ArgumentError naming `property`.
  static Prefix parse(std::string_view text, const char* property);
  std::string toString() const;
  bool operator==(const Prefix&) const = default;
};

}  // namespace rp
