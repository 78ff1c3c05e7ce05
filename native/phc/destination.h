// Where a message goes: an Ethernet, IPv4 or IPv6 address on one interface.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace rp::phc {

enum class Transport : uint8_t { ethernet, ipv4, ipv6 };

inline constexpr uint16_t kEtherTypePtp = 0x88f7;  // IEEE 1588-2008 Annex F
inline constexpr uint16_t kEventPort = 319, kGeneralPort = 320;

struct Destination {
  sockaddr_storage address{};
  socklen_t bytes = 0;

  // "01:1b:19:00:00:00", "224.0.1.129", "ff0e::181". ArgumentError if it is none of `transport`.
  static Destination parse(Transport transport, const std::string& text, uint32_t interfaceIndex, uint16_t port);
};

// The other way: six, four or sixteen octets into `octets`; returns how many.
size_t sourceOctets(const sockaddr_storage& address, uint8_t* octets);

// The UDP port; 0 for Ethernet.
uint16_t sourcePort(const sockaddr_storage& address);

}  // namespace rp::phc
