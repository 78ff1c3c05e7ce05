#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/error.h"

namespace rp {

Address Address::parse(std::string_view text, const char* property) {
  const std::string s(text);
  Address a;
  // inet_pton stops at a NUL.
  if (s.find('\0') != s.npos) throw ArgumentError(std::string(property) + ": not an IP address");
  if (inet_pton(AF_INET, s.c_str(), a.bytes) == 1) {
    a.version = 4;
  } else if (inet_pton(AF_INET6, s.c_str(), a.bytes) == 1) {
    a.version = 6;
  } else {
    throw ArgumentError(std::string(property) + ": not an IP address: " + s);
  }
  return a;
}

std::optional<Address> Address::fromOctets(std::span<const uint8_t> octets) {
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  Address a;
  a.version = octets.size() == 4 ? 4 : 6;
  std::copy(octets.begin(), octets.end(), a.bytes);
  return a;
}

Address Address::any(int family) {
  Address a;
  a.version = family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0;
  return a;
}

std::string Address::toString() const {
  char text[INET6_ADDRSTRLEN];
  return version != 0 && inet_ntop(family(), bytes, text, sizeof text) != nullptr ? text : "";
}

int Address::family() const { return version == 4 ? AF_INET : version == 6 ? AF_INET6 : AF_UNSPEC; }

}  // namespace rp
