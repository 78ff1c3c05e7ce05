#include "phc/destination.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include <cstring>

#include "base/error.h"
#include "base/mac_address.h"

namespace rp::phc {

Destination Destination::parse(Transport transport, const std::string& text, uint32_t interfaceIndex, uint16_t port) {
  Destination d;
  switch (transport) {
    case Transport::ethernet: {
      auto& a = reinterpret_cast<sockaddr_ll&>(d.address);
      const auto mac = parseMacAddress(text);
      a.sll_family = AF_PACKET;
      a.sll_protocol = htons(kEtherTypePtp);
      a.sll_ifindex = static_cast<int>(interfaceIndex);
      a.sll_halen = 6;
      std::memcpy(a.sll_addr, mac.data(), mac.size());
      d.bytes = sizeof a;
      return d;
    }
    case Transport::ipv4: {
      auto& a = reinterpret_cast<sockaddr_in&>(d.address);
      a.sin_family = AF_INET;
      a.sin_port = htons(port);
      if (::inet_pton(AF_INET, text.c_str(), &a.sin_addr) != 1) throw ArgumentError("destination: not an IPv4 address");
      d.bytes = sizeof a;
      return d;
    }
    case Transport::ipv6: {
      auto& a = reinterpret_cast<sockaddr_in6&>(d.address);
      a.sin6_family = AF_INET6;
      a.sin6_port = htons(port);
      if (::inet_pton(AF_INET6, text.c_str(), &a.sin6_addr) != 1)
        throw ArgumentError("destination: not an IPv6 address");
      if (IN6_IS_ADDR_LINKLOCAL(&a.sin6_addr) || IN6_IS_ADDR_MULTICAST(&a.sin6_addr)) a.sin6_scope_id = interfaceIndex;
      d.bytes = sizeof a;
      return d;
    }
  }
  return d;
}

size_t sourceOctets(const sockaddr_storage& address, uint8_t* octets) {
  switch (address.ss_family) {
    case AF_PACKET: {
      const auto& a = reinterpret_cast<const sockaddr_ll&>(address);
      std::memcpy(octets, a.sll_addr, 6);
      return 6;
    }
    case AF_INET:
      std::memcpy(octets, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
      return 4;
    case AF_INET6:
      std::memcpy(octets, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
      return 16;
    default:
      return 0;
  }
}

uint16_t sourcePort(const sockaddr_storage& address) {
  switch (address.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    default:
      return 0;
  }
}

}  // namespace rp::phc
