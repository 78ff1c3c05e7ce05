// An address and a port, to and from the socket calls.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/address.h"

namespace rp::dataplane {

struct Endpoint {
  Address address;
  uint16_t port = 0;

  static Endpoint from(const sockaddr_storage& storage);
  // Writes a sockaddr_in or sockaddr_in6 and returns its size.
  socklen_t to(sockaddr_storage& storage) const;
  // "192.0.2.1:500", "[2001:db8::1]:500".
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace rp::dataplane
